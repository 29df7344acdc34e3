// Times networks for `make bench`, which runs this between its peers, round by round:
//
//     pipeline-benchmarks WEIGHTS.safetensors HEIGHTxWIDTH [fused|plain]
//     pipeline-benchmarks draw MODEL WEIGHTS.safetensors COUNT STEPS
//     pipeline-benchmarks caption WEIGHTS.safetensors COUNT STEPS
//     pipeline-benchmarks wavenet float32|int8 [products]
//     pipeline-benchmarks imitation WEIGHTS.safetensors CHUNKS
//     pipeline-benchmarks text WEIGHTS.safetensors BYTES [reads]
//
// For every empty line read from standard input a random picture is enlarged once, COUNT pictures are drawn together, or
// 4,000 samples of sound or BYTES of text are drawn one after the other, and a line (of imitation, one with each chunk's milliseconds) `{"seconds": …, "peakMegabytes": …}` is written; for a
// line `IN.png OUT.png` that picture is enlarged. The end of the input ends the program. Loading and packing the weights comes before, unmeasured.

internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import SuperResolutionTask
internal import Torch

func peakMegabytes() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_maxrss) / 1024
}

func report(_ time: Duration) {
  let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  print("{\"seconds\": \(seconds), \"peakMegabytes\": \(peakMegabytes())}")
  fflush(nil)
}

func runDraws(_ arguments: [String]) throws {
  guard arguments.count == 6, let count = Int(arguments[4]), count > 0, let steps = Int(arguments[5]) else {
    throw TensorError("usage: pipeline-benchmarks draw MODEL WEIGHTS.safetensors COUNT STEPS")
  }
  let benchmark = try ClassImageBenchmark(weights: arguments[3], count: count, steps: steps)
  let clock = ContinuousClock()
  while readLine() != nil { report(try clock.measure { try benchmark.draw() }) }
}

func runCaptions(_ arguments: [String]) throws {
  guard arguments.count == 5, let count = Int(arguments[3]), count > 0, let steps = Int(arguments[4]) else {
    throw TensorError("usage: pipeline-benchmarks caption WEIGHTS.safetensors COUNT STEPS")
  }
  let benchmark = try CaptionBenchmark(weights: arguments[2], count: count, steps: steps)
  let clock = ContinuousClock()
  while readLine() != nil { report(try clock.measure { try benchmark.draw() }) }
}

func runSteps(_ arguments: [String]) throws {
  guard arguments.count >= 3, ["float32", "int8"].contains(arguments[2]) else {
    throw TensorError("usage: pipeline-benchmarks wavenet float32|int8 [products]")
  }
  let benchmark = try DilatedBenchmark(precision: arguments[2], productsAlone: arguments.last == "products")
  let clock = ContinuousClock()
  while readLine() != nil { report(clock.measure { benchmark.draw() }) }
}

func runPolicy(_ arguments: [String]) throws {
  guard arguments.count == 4, let chunks = Int(arguments[3]), chunks > 0 else {
    throw TensorError("usage: pipeline-benchmarks imitation WEIGHTS.safetensors CHUNKS")
  }
  let benchmark = try PolicyBenchmark(weights: arguments[2], chunks: chunks)
  while readLine() != nil {
    print("{\"milliseconds\": \(try benchmark.run()), \"peakMegabytes\": \(peakMegabytes())}")
    fflush(nil)
  }
}

func runText(_ arguments: [String]) throws {
  guard arguments.count >= 4, let bytes = Int(arguments[3]), bytes > 0 else {
    throw TensorError("usage: pipeline-benchmarks text WEIGHTS.safetensors BYTES [reads]")
  }
  let benchmark = try TextBenchmark(
    weights: arguments[2], bytes: bytes, readsAlone: arguments.last == "reads")
  let clock = ContinuousClock()
  while readLine() != nil { report(clock.measure { benchmark.run() }) }
}

func run(_ arguments: [String]) throws {
  if arguments.count > 1, arguments[1] == "text" { return try runText(arguments) }
  if arguments.count > 1, arguments[1] == "imitation" { return try runPolicy(arguments) }
  if arguments.count > 1, arguments[1] == "wavenet" { return try runSteps(arguments) }
  if arguments.count > 1, arguments[1] == "caption" { return try runCaptions(arguments) }
  if arguments.count > 1, arguments[1] == "draw" { return try runDraws(arguments) }
  let sides = arguments.count > 2 ? arguments[2].split(separator: "x").compactMap { Int($0) } : []
  guard sides.count == 2, sides.allSatisfy({ $0 > 0 }) else {
    throw TensorError("usage: pipeline-benchmarks WEIGHTS.safetensors HEIGHTxWIDTH [fused|plain]")
  }
  let model = try SuperResolutionModel(contentsOf: URL(fileURLWithPath: arguments[1]))
  let upscaler = try Upscaler(model: model, fuses: arguments.last != "plain")
  let noise = KeyedNoise(seed: 0, sample: 0, step: 0, stream: "benchmark")
  let picture = try Tensor(noise.uniform(count: 3 * sides[0] * sides[1]), shape: [3, sides[0], sides[1]])
  while let line = readLine() {
    let paths = line.split(separator: " ").map { URL(fileURLWithPath: String($0)) }
    if paths.count == 2 {
      var low = try Image(contentsOf: paths[0]).tensor()
      if low.shape[0] == 1 { low = try low.repeatInterleave(3, axis: 0) }
      let enlarged = try upscaler(low)
      try AtomicFile.write(Image(enlarged, bitDepth: 8).pngData(), to: paths[1])
      print("{\"written\": \"\(paths[1].path)\"}")
      fflush(nil)
      continue
    }
    let clock = ContinuousClock()
    report(try clock.measure { _ = try upscaler(picture) })
  }
}

do {
  // As the stage does: the workers are the only threads.
  try ChunkRunner.single { try run(CommandLine.arguments) }
} catch {
  FileHandle.standardError.write(Data("pipeline-benchmarks: \(error)\n".utf8))
  exit(1)
}
