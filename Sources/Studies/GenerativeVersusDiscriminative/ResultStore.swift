internal import Foundation
internal import MediaIO
internal import PipelineCore

/// Results that took long, each in a file of its own, so that a study that was stopped goes on where it was.
struct ResultStore: Sendable {
  let folder: URL

  private struct Stored<Result: Codable>: Codable {
    var settings: String
    var result: Result
  }

  /// The stored result of the same settings, or a fresh one.
  /// - Throws: `MediaError` when it cannot be written; what `make` throws.
  func result<Result: Codable>(
    _ name: String, settings: some Encodable, _ make: () throws -> Result
  ) throws -> Result {
    let settings = try MetadataText.json(settings)
    let file = folder.appendingPathComponent("\(name).json")
    if let data = try? Data(contentsOf: file),
      let stored = try? JSONDecoder().decode(Stored<Result>.self, from: data), stored.settings == settings
    {
      return stored.result
    }
    let result = try make()
    try OutputFolder.make(folder)
    try AtomicFile.write(JSONEncoder().encode(Stored(settings: settings, result: result)), to: file)
    return result
  }
}
