import Foundation
import MediaIO
import Testing

/// What people read when something is wrong: one line, the right exit status, nothing left behind.
struct MessageTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let status: Int32
    /// What the line must say.
    let words: [String]
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ line: String, _ status: Int32, _ words: String...) {
      arguments = line.split(separator: " ").map(String.init)
      self.status = status
      self.words = words
    }
  }

  static let cases: [Case] = [
    Case("rnu super-resolution", 2, "rnu", "run"),
    Case("run super-resolutoin in.png", 2, "super-resolutoin", "did you mean 'super-resolution'"),
    Case("run super-resolution", 2, "needs an input"),
    Case("run super-resolution missing.png", 1, "missing.png", "no such file"),
    Case("run super-resolution empty.png", 1, "empty.png", "empty"),
    Case("run super-resolution text.png", 1, "text.png", "PNG and JPEG"),
    Case("run super-resolution truncated.png", 1, "truncated.png"),
    Case("run super-resolution good.png --scal 2", 2, "--scal", "did you mean '--scale'"),
    Case("run super-resolution good.png --scale 17", 2, "--scale", "17", "16"),
    Case("run super-resolution good.png --scale two", 2, "--scale", "'two'", "a number from 1.1"),
    Case("run super-resolution good.png --model fastest", 2, "fastest", "'fast'"),
    Case("run super-resolution good.png --device tpu", 2, "tpu", "cpu"),
    Case("run super-resolution good.png --seed x", 2, "--seed", "'x'"),
    Case("run super-resolution good.png good.jpg -o none", 2, "both become"),
    Case("run super-resolution good.png text.png -o good.png", 2, "good.png", "folder"),
    Case("run super-resolution . ", 2, "-o", "folder"),
    Case("replay good.png", 1, "good.png", "how it was made"),
    Case("run super-resolution good.png -o good.png", 2, "good.png", "is an input"),
    Case("run super-resolution good.png -o out.jpg", 2, "out.jpg", "out.png"),
    Case("run super-resolution good.png -o none/out.png", 1, "none", "does not exist"),
    Case("stage upscael", 2, "upscael", "did you mean 'upscale'"),
    Case("stage upscale", 1, "wants an image", "decode-image"),
    Case("stage encode-png --scale 2", 2, "--scale"),
    Case("run super-resolution good.png --model judge", 2, "'judge' enlarges nothing", "another model"),
    Case("score super-resolution good.png", 2, "--low"),
    Case(
      "score super-resolution good.png --high good.png --low good.png", 2, "--high as well", "one of them"),
    Case("score super-resolution --high good.png --low missing.png", 1, "missing.png", "no such file"),
    Case("score super-resolution good.png --low good.png --model fast", 2, "'fast' gives one picture"),
    Case("score super-resolution --high text.png --low good.png", 1, "text.png", "PNG and JPEG"),
    Case("evaluate super-resolution", 2, "--data"),
    Case("evaluate super-resolution --data missing", 1, "missing"),
    Case("evaluate super-resolution --plot curve.png", 2, "--plot", "no curves"),
    Case("evaluate text-to-image --plot curve.jpg", 2, "'curve.jpg'", ".svg"),
    Case("evaluate text-to-image --draws 100000 --plot none/curve.png", 1, "none", "does not exist"),
    Case("train super-resolution", 2, "--data"),
    Case("train super-resolution --data missing", 1, "missing"),
    Case("train super-resolution --data . --time-limit soon", 2, "soon", "9m"),
    Case("inspect text.png", 1, "text.png"),
    Case("study generative-versus-discriminative", 2, "did you mean 'generative-vs-discriminative'"),
    Case("study generative-vs-discriminative --data none", 2, "--tables", "'none'"),
    Case("study generative-vs-discriminative --data none --tables missing", 2, "missing", ".csv"),
    Case("study generative-vs-discriminative --data missing", 1, "missing", "no folder"),
    Case("study generative-vs-discriminative --data none --tables . --splits 1", 2, "--splits", "2 to 10000"),
    Case("study generative-vs-discriminative --data none --tables . --device tpu", 2, "tpu", "cpu"),
  ]

  @Test(arguments: cases) func oneLine(_ example: Case) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let good = try Image(
      width: 4, height: 4, channels: .grey, samples: .uint8([UInt8](repeating: 9, count: 16))
    )
    .pngData()
    try good.write(to: tool.folder.appendingPathComponent("good.png"))
    try Data().write(to: tool.folder.appendingPathComponent("empty.png"))
    try Data("hello, world".utf8).write(to: tool.folder.appendingPathComponent("text.png"))
    try good.prefix(good.count - 20).write(to: tool.folder.appendingPathComponent("truncated.png"))
    let before = tool.files
    let outcome = try tool(example.arguments)
    #expect(outcome.status == example.status, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.errors.hasSuffix("\n") && outcome.errors.filter(\.isNewline).count == 1, "\(outcome.errors)")
    for word in example.words {
      #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome.errors)")
    }
    #expect(tool.files == before)
  }

  @Test func worksWithoutLibtorchWhereItCan() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let none = ["PIPELINE_CTORCH": "/nonexistent/libCTorchLibrary.so"]
    #expect(try tool(["--help"], environment: none).text.contains("SUBCOMMANDS"))
    #expect(try tool(["list"], environment: none).text.contains("super-resolution"))
    #expect(try tool(["inspect", Tool.sample], environment: none).text.contains("256×256"))
    let outcome = try tool(["run", "super-resolution", Tool.sample, "-o", "out.png"], environment: none)
    #expect(outcome.status == 1 && outcome.errors.contains("/nonexistent/libCTorchLibrary.so"))
    #expect(outcome.errors.filter(\.isNewline).count == 1)
    #expect(tool.files.isEmpty)
  }

  @Test func quietIsQuiet() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let loud = try tool(["run", "super-resolution", Tool.sample, "--model", "fast", "--seed", "3"])
    #expect(loud.errors.contains("--seed changes nothing"))
    let quiet = try tool([
      "run", "super-resolution", Tool.sample, "--model", "fast", "--seed", "3", "--quiet",
    ])
    #expect(quiet.status == 0 && quiet.errors.isEmpty)
  }
}
