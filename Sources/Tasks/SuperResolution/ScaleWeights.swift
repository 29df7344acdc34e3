internal import Foundation
internal import PipelineCore

/// The weights of one model of the specification, a file for each scale.
struct ScaleWeights: Sendable {
  let model: String
  /// Scale to file.
  let files: [Int: URL]

  private struct ModelOptions: Codable {
    /// Scale to a file beside the specification.
    var scales: [String: String]
  }

  /// `weights` is the file for ×2; `options: {scales: {4: file}}` names those for others.
  /// - Throws: `PipelineError` of kind `.usage` for a scale that is no whole number from 2 to 8.
  init(_ entry: Specification.Model) throws {
    model = entry.name
    var files = [2: entry.weights]
    if let options = try entry.options?.decode(ModelOptions.self, of: "the options of model '\(entry.name)'")
    {
      let folder = entry.weights.deletingLastPathComponent()
      for (key, name) in options.scales {
        guard let scale = Int(key), (2...8).contains(scale), !name.contains("/") else {
          throw PipelineError.usage(
            "\(entry.place): scale '\(key)' of model '\(entry.name)' is '\(name)'; a whole number from 2 to 8 and a file "
              + "beside the specification would be right")
        }
        files[scale] = folder.appendingPathComponent(name)
      }
    }
    self.files = files
  }

  var scales: [Int] { files.keys.sorted() }

  /// - Throws: `PipelineError` of kind `.usage` that names the scales there are.
  func file(_ scale: Int) throws -> URL {
    guard let file = files[scale] else {
      throw PipelineError.usage(
        "model '\(model)' has no weights for scale \(scale); there are \(scales.map { "\($0)" }.joined(separator: ", "))"
      )
    }
    return file
  }

  /// The SHA-256 of the files that a plan takes, joined by `+` in the order in which they are applied.
  func sha256(_ plan: ScalePlan) throws -> String {
    var seen: [Int] = []
    for factor in plan.factors where !seen.contains(factor) { seen.append(factor) }
    return try seen.map { try Digest.sha256(of: file($0)) }.joined(separator: "+")
  }
}
