import Foundation
import Testing

/// Runs the built tool as people do.
struct Tool {
  struct Outcome {
    let status: Int32
    let output: Data
    let errors: String
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// A folder of its own, removed afterwards by `remove()`.
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("pipeline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

  /// The repository's root.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let sample = root.appendingPathComponent("samples/nuthatch.png").path

  /// Beside the test bundle.
  static var executable: URL {
    let bundle =
      CommandLine.arguments.first { $0.hasSuffix(".xctest") }
      ?? (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("pipeline")
  }

  /// - Parameter interruptAfter: seconds after which SIGINT is sent.
  func callAsFunction(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    interruptAfter: Double? = nil
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let name = UUID().uuidString
    // Files instead of pipes: nothing can fill up and block.
    let places = ["in", "out", "err"].map {
      FileManager.default.temporaryDirectory.appendingPathComponent("\(name).\($0)")
    }
    defer { for place in places { try? FileManager.default.removeItem(at: place) } }
    try input.write(to: places[0])
    for place in places.dropFirst() { try Data().write(to: place) }
    process.standardInput = try FileHandle(forReadingFrom: places[0])
    process.standardOutput = try FileHandle(forWritingTo: places[1])
    process.standardError = try FileHandle(forWritingTo: places[2])
    try process.run()
    if let interruptAfter {
      Thread.sleep(forTimeInterval: interruptAfter)
      process.interrupt()
    }
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try Data(contentsOf: places[1]),
      errors: String(decoding: try Data(contentsOf: places[2]), as: UTF8.self))
  }
}
