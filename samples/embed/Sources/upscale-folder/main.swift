// Stages of this package inside another program: every PNG of a folder, enlarged.
//   swift run --package-path samples/embed upscale-folder samples out
import Foundation
import PipelineKit

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("upscale-folder INPUT-FOLDER OUTPUT-FOLDER") }
let (input, output) = (URL(fileURLWithPath: arguments[1]), URL(fileURLWithPath: arguments[2]))

// The same chain as `pipeline run super-resolution`, with its ends checked by the compiler.
let pipeline = try TaskRegistry.all.pipeline(
  ofTask: "super-resolution", in: PipelineHome(), overriding: ["model": .commandLine("model", "fast")])
let upscale = try pipeline.stage().typed(Data.self, Data.self)

try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
for name in try FileManager.default.contentsOfDirectory(atPath: input.path).sorted()
where name.hasSuffix(".png") {
  let bytes = try upscale(
    Data(contentsOf: input.appendingPathComponent(name)), context: StageContext(workers: 2))
  try bytes.write(to: output.appendingPathComponent(name))
  print(output.appendingPathComponent(name).path)
}
