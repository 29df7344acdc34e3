import Foundation
import MediaIO
import PipelineKit
import Testing

/// Several inputs and folders; doing it again; making a file again.
struct BatchTests {
  @Test func foldersGoOnAfterErrorsAndSkipWhatIsDone() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "in/a.png")
    try picture(2, in: tool, "in/deep/b.png")
    try picture(3, in: tool, "in/.hidden/h.png")
    try Data("not a picture".utf8).write(to: tool.folder.appendingPathComponent("in/c.png"))
    let arguments = ["run", "super-resolution", "in", "-o", "out", "--model", "fast"]
    let first = try tool(arguments + ["--jobs", "2"])
    #expect(first.status == 1)
    #expect(Set(first.text.split(separator: "\n")) == ["out/a.png", "out/deep/b.png"])
    #expect(first.errors.contains("in/c.png") && first.errors.contains("1 of 3 files failed"))
    try FileManager.default.removeItem(at: tool.folder.appendingPathComponent("in/c.png"))

    let second = try tool(arguments)
    #expect(second.status == 0 && second.output.isEmpty)
    #expect(second.errors.contains("out/a.png is done already"))

    // Another input of the same name, and another option, are made again.
    try picture(4, in: tool, "in/a.png")
    #expect(try tool(arguments).text == "out/a.png\n")
    #expect(try tool(arguments + ["--scale", "1.5"]).text == "out/a.png\nout/deep/b.png\n")
  }

  @Test func inAFolderOrAloneTheSameBytes() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "in/a.png")
    try picture(2, in: tool, "in/b.png")
    #expect(
      try tool(["run", "super-resolution", "in", "-o", "out", "--model", "fast", "--jobs", "2"]).status == 0)
    let alone = try tool([
      "run", "super-resolution", "in/b.png", "-o", "-", "--model", "fast", "--threads", "2",
    ])
    #expect(try Data(contentsOf: tool.folder.appendingPathComponent("out/b.png")) == alone.output)
  }

  @Test func replayMakesTheSameBytesOrSaysWhatDiffers() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "a.png")
    try picture(2, in: tool, "b.png")
    #expect(
      try tool(["run", "super-resolution", "a.png", "-o", "out.png", "--model", "fast", "--scale", "4"])
        .status == 0)
    let same = try tool(["replay", "out.png"])
    #expect(same.status == 0 && same.text.contains("out.png: the same"), "\(same.errors)")
    // The weights of ×3 lie in a file of their own.
    #expect(try tool(["replay", "out.png", "--json"]).text.contains("\"differences\":[]"))
    let other = try tool(["replay", "out.png", "--input", "b.png"])
    #expect(other.status == 1 && other.errors.contains("b.png is not what out.png was made from"))
    try FileManager.default.removeItem(at: tool.folder.appendingPathComponent("a.png"))
    let lost = try tool(["replay", "out.png"])
    #expect(lost.status == 1 && lost.errors.contains("--input"))

    // A sample changed by hand, and a version that never was.
    try picture(1, in: tool, "a.png")
    let file = tool.folder.appendingPathComponent("out.png")
    var image = try Image(contentsOf: file)
    var provenance = try #require(try Provenance(image.metadata, name: "out.png"))
    provenance.version = "0.0.1"
    provenance.write(to: &image.metadata)
    guard case .uint8(var samples) = image.samples else { throw MediaError("8 bits") }
    samples[7] ^= 4
    image.samples = .uint8(samples)
    try image.pngData().write(to: file)
    let changed = try tool(["replay", "out.png"])
    #expect(changed.status == 1)
    #expect(changed.errors.contains("4 grey levels") && changed.errors.contains("version 0.0.1 then"))
  }

  /// `a.jpg` beside `a.png`, a pipe nobody writes to, and an input named twice.
  @Test func namesThatCollideAndPipes() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "in/a.png")
    let image = try Image(contentsOf: tool.folder.appendingPathComponent("in/a.png"))
    try image.jpegData(quality: 90).write(to: tool.folder.appendingPathComponent("in/a.jpg"))
    #expect(mkfifo(tool.path("in/pipe.png"), 0o600) == 0)
    let outcome = try tool(["run", "super-resolution", "in", "-o", "out", "--model", "fast"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let made = try FileManager.default.contentsOfDirectory(atPath: tool.path("out")).sorted()
    #expect(made == ["a.jpg.png", "a.png"])
    let twice = try tool([
      "run", "super-resolution", "in/a.png", "in/a.png", "-o", "x.png", "--model", "fast",
    ])
    #expect(twice.status == 0 && tool.files.contains("x.png"), "\(twice.errors)")
    let several = try tool(["run", "super-resolution", "in/a.png", "in/a.jpg", "-o", "y.png"])
    #expect(several.status == 2 && several.errors.contains("a folder would be right"))
    let slash = try tool(["run", "super-resolution", "in/a.png", "-o", "new/", "--model", "fast"])
    #expect(slash.status == 0 && slash.text == "new/a-super-resolution.png\n", "\(slash.errors)")
  }

  /// What has no end, or is waited for, is refused or given up.
  @Test func devicesAndWaiting() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let device = try tool(["run", "super-resolution", "/dev/zero", "-o", "x.png"])
    #expect(device.status == 1 && device.errors.contains("is a device"))
    #expect(mkfifo(tool.path("pipe.png"), 0o600) == 0)
    let waiting = try tool(["run", "super-resolution", "pipe.png", "-o", "x.png"], interruptAfter: 1.5)
    let unread = try tool(["run", "class-image", "-o", "pipe.png"])
    #expect(unread.status == 1 && unread.errors.contains("nobody reads"), "\(unread.errors)")
    #expect(waiting.status == 130 && tool.files == ["pipe.png"])
  }

  /// Results among the inputs are told apart from them, and a parent folder as the target hides nothing.
  @Test func targetsAboveAndBelowTheInputs() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "photos/a.png")
    let above = try tool(["run", "super-resolution", "photos", "-o", ".", "--model", "fast"])
    #expect(above.status == 0 && tool.files.contains("a.png"), "\(above.errors)")
    for _ in 0..<2 {
      let below = try tool(["run", "super-resolution", "photos", "-o", "photos/large", "--model", "fast"])
      #expect(below.status == 0, "\(below.errors)")
    }
    let made = try FileManager.default.subpathsOfDirectory(atPath: tool.path("photos")).sorted()
    #expect(made == ["a.png", "large", "large/a.png"])
  }

  @Test func replayLeavesTheFileItself() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "a.png")
    _ = try tool(["run", "super-resolution", "a.png", "-o", "out.png", "--model", "fast"])
    let before = try Data(contentsOf: tool.folder.appendingPathComponent("out.png"))
    let outcome = try tool(["replay", "out.png", "-o", "out.png"])
    #expect(outcome.status == 2 && outcome.errors.contains("another name"))
    #expect(try Data(contentsOf: tool.folder.appendingPathComponent("out.png")) == before)
    let inspected = try tool(["inspect", "out.png", "--json"])
    #expect(inspected.status == 0 && inspected.text.contains("\"kind\":\"PNG\""))
  }

  /// A text of a file may be called as the tool's own entries are.
  @Test func inspectTakesAnyText() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try picture(1, in: tool, "a.png")
    let file = tool.folder.appendingPathComponent("a.png")
    var image = try Image(contentsOf: file)
    image.metadata.texts = ["size", "Comment", "Comment"].map { .init(keyword: $0, value: "x") }
    try image.pngData().write(to: file)
    let inspected = try tool(["inspect", "a.png", "--json"])
    #expect(inspected.status == 0 && inspected.text.contains("\"Comment\":\"x\\nx\""))
  }

  private func picture(_ seed: Int, in tool: Tool, _ name: String) throws {
    let file = tool.folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let samples = (0..<20 * 12 * 3).map { UInt8(truncatingIfNeeded: ($0 / 3 % 20) * 9 * seed + $0 / 60 * 5) }
    try Image(width: 20, height: 12, channels: .rgb, samples: .uint8(samples)).pngData().write(to: file)
  }
}
