import Foundation
import MediaIO
import Testing

/// Tiny train → stop → resume → evaluate through the tool.
struct TrainTests {
  @Test func resumedEqualsUninterrupted() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try photographs(in: tool)
    let common = ["train", "super-resolution", "--model", "fast", "--data", "photos", "--steps", "4"]
    let whole = try tool(common + ["--folder", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.text == "whole/weights.safetensors\n")
    // The limit passes before the first step, so the run stops at once with a checkpoint.
    let stopped = try tool(common + ["--folder", "parts", "--time-limit", "0.000001s", "--threads", "1"])
    #expect(stopped.status == 0 && stopped.errors.contains("--resume"))
    let resumed = try tool(common + ["--folder", "parts", "--resume", "--threads", "1"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    func weights(_ folder: String) throws -> Data {
      try Data(contentsOf: tool.folder.appendingPathComponent("\(folder)/weights.safetensors"))
    }
    #expect(try weights("whole") == weights("parts"))
    let again = try tool(common + ["--folder", "none", "--resume"])
    #expect(again.status == 1 && again.errors.contains("to resume from"))
  }

  @Test func evaluatePrintsATable() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try photographs(in: tool)
    let table = try tool(["evaluate", "super-resolution", "--data", "photos", "--model", "all"])
    #expect(table.status == 0, "\(table.errors)")
    #expect(table.text.contains("×2, means of 2") && table.text.contains("consistency (dB)"))
    let ways = table.text.split(separator: "\n").dropFirst().map { $0.prefix { $0 != " " } }
    #expect(ways == ["bicubic", "fidelity", "fast"])
    let json = try tool(["evaluate", "super-resolution", "--data", "photos", "--json"])
    let lines = json.text.split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
  }

  /// Two smooth pictures with edges, 96×80.
  private func photographs(in tool: Tool) throws {
    let folder = tool.folder.appendingPathComponent("photos")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 1...2 {
      var samples: [UInt8] = []
      for y in 0..<80 {
        for x in 0..<96 {
          let wave =
            90 * sin(Double(x * number) / 7) * cos(Double(y) / 9) + ((x / 13 + y / 11) % 2 == 0 ? 30 : 0)
          samples += [UInt8(120 + wave), UInt8(100 + wave / 2), UInt8(90 + wave / 3)]
        }
      }
      try Image(width: 96, height: 80, channels: .rgb, samples: .uint8(samples)).pngData()
        .write(to: folder.appendingPathComponent("\(number).png"))
    }
  }
}
