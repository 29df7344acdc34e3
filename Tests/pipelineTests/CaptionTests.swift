import Foundation
import MediaIO
import PipelineKit
import Testing

/// Captions and pictures as people type them, with the committed weights.
struct CaptionTests {
  private let table = "a black table with 6 chairs"

  @Test func tablesAreDrawnDescribedAndReplayed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let drawn = try tool(["run", "text-to-image", table, "--count", "4", "--seed", "7", "-o", "tables/"])
    #expect(drawn.status == 0 && drawn.text.split(separator: "\n").count == 4, "\(drawn.errors)")
    // Nothing to say about a caption that is known.
    #expect(drawn.errors.isEmpty, "\(drawn.errors)")
    for index in 0..<4 {
      let described = try tool([
        "describe", "text-to-image", "tables/text-to-image-000\(index).png", "--candidates", "8", "--levels",
        "8", "--json",
      ])
      #expect(described.status == 0, "\(described.errors)")
      // How many chairs is another matter, and so is whether it is like a rendered scene.
      let best = described.text.split(separator: "\"name\":\"").dropFirst().first?.split(separator: "\"")
        .first
      #expect(try #require(best).contains(" black table with "), "\(described.text)")
    }
    let replay = try tool(["replay", "tables/text-to-image-0002.png"])
    #expect(replay.status == 0 && replay.text.contains("the same"), "\(replay.errors)")
    // One alone, and standard input, give the same bytes.
    let piped = try tool(
      ["run", "text-to-image", "-", "--seed", "7", "--first", "2", "-o", "-"], input: Data("\(table)\n".utf8))
    #expect(
      try Data(contentsOf: tool.folder.appendingPathComponent("tables/text-to-image-0002.png"))
        == piped.output)
  }

  /// A sheet of a file's captions says them itself.
  @Test func captionsOfAFile() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let file = tool.folder.appendingPathComponent("captions.txt")
    try Data("a red circle\n\ntwo blue stars\n".utf8).write(to: file)
    let sheet = try tool([
      "run", "text-to-image", "--captions", "captions.txt", "--count", "2", "-o", "sheet.png",
    ])
    #expect(sheet.status == 0, "\(sheet.errors)")
    try FileManager.default.removeItem(at: file)
    let replay = try tool(["replay", "sheet.png"])
    #expect(replay.status == 0 && replay.text.contains("the same"), "\(replay.errors)")
  }

  @Test func picturesAreToldFromOneAnother() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(try tool(["run", "text-to-image", "a red circle", "--seed", "1", "-o", "a.png"]).status == 0)
    let known = try tool([
      "classify", "text-to-image", "a.png", "a red circle", "a blue star", table, "--levels", "8",
    ])
    #expect(known.status == 0 && known.text.hasPrefix("a.png: a red circle"), "\(known.text) \(known.errors)")
    let other = try tool(["classify", "text-to-image", "a.png", "a red circle", "--levels", "8"])
    #expect(other.status == 2 && other.errors.contains("2 to 1000"), "\(other.errors)")
  }

  @Test func whatIsNotKnownIsSaid() throws {
    let tool = try Tool()
    defer { tool.remove() }
    for (caption, hint) in [
      ("ein schwarzer Tisch", "no word of 'ein schwarzer Tisch' is known"),
      ("a shiny red circle", "'shiny'"), ("a black table with 12 chairs", "12 chairs"),
    ] {
      let drawn = try tool(["run", "text-to-image", caption, "-o", "x.png"])
      #expect(drawn.status == 0 && drawn.errors.contains(hint), "\(drawn.errors)")
    }
    let nothing = try tool(["run", "text-to-image", "-o", "-"])
    #expect(nothing.status == 0, "\(nothing.errors)")
    let image = try Image(decoding: nothing.output, name: "nothing")
    let provenance = try #require(try Provenance(image.metadata, name: "nothing"))
    #expect(provenance.condition?.isDrawn == true && provenance.condition?.values["caption"] != nil)
  }

  @Test func wrongWordsAreRefused() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try Data("no picture".utf8).write(to: tool.folder.appendingPathComponent("a.png"))
    for (arguments, status) in [
      (["run", "text-to-image", table, "--guidance", "high"], 2),
      (["run", "text-to-image", table, "--model", "scene"], 2),
      (["run", "text-to-image", table, "--size", "7"], 2),
      (["run", "text-to-image", table, "-o", "a.jpg"], 2),
      (["run", "text-to-image", table, "--captions", "none.txt"], 2),
      (["run", "text-to-image", "--captions", "none.txt"], 1),
      (["describe", "text-to-image", "a.png"], 1), (["describe", "text-to-image", "none.png"], 1),
      (["score", "text-to-image", "a.png", table], 1), (["describe", "class-image", "a.png"], 2),
    ] {
      let refused = try tool(arguments)
      #expect(
        refused.status == status && refused.errors.hasPrefix("pipeline: "), "\(arguments): \(refused.errors)")
      #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
      #expect(tool.files == ["a.png"])
    }
  }
}
