internal import Foundation

/// `log.tsv`: one line an evaluation, `step`, then `name=value` pairs, parted by tabs.
struct TrainingLog {
  private let file: URL

  /// A run that is not resumed begins a new log.
  init(folder: URL, resume: Bool) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      file = folder.appendingPathComponent("log.tsv")
      if !resume || !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    } catch {
      throw TrainingError("\(folder.path) cannot be written to: \(error.localizedDescription)")
    }
  }

  func append(step: Int, _ figures: [(name: String, value: Double)]) throws {
    let line = ([String(step)] + figures.map { "\($0.name)=\(String(format: "%.6g", $0.value))" })
      .joined(separator: "\t")
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data((line + "\n").utf8))
  }
}
