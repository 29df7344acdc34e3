internal import Foundation
internal import PipelineCore

/// The weights of one model of the specification, a file for each scale and degradation.
struct ScaleWeights: Sendable {
  let model: String
  let degradation: Degradation
  /// The point estimate that draws are made around; nil for a model that is one itself.
  let mean: URL?
  /// What the model's own weights enlarge by; of a posterior the only scale.
  let own: Int
  /// Scale to file, for pictures that were reduced and no more.
  private let clean: [Int: URL]
  /// Scale to file, for `degradation`.
  private let files: [Int: URL]

  private struct ModelOptions: Codable {
    /// What the model's own weights enlarge by; 2 unless given.
    var scale: Int?
    /// Scale to a file beside the specification.
    var scales: [String: String]?
    /// The same, trained on blurred, noisy and compressed pictures.
    var real: [String: String]?
    /// The file of the point estimate that draws are made around, beside the specification.
    var mean: String?
    /// Whether it enlarges nothing, but looks at what others do.
    var judges: Bool?
  }

  /// Whether the specification has the model as a judge of others.
  static func isJudge(_ entry: Specification.Model) throws -> Bool { try options(entry)?.judges ?? false }

  private static func options(_ entry: Specification.Model) throws -> ModelOptions? {
    try entry.options?.decode(ModelOptions.self, of: "the options of model '\(entry.name)'")
  }

  /// `weights` is the file for ×2, or for the `scale` of the options; `options: {scales: {4: file}, real: {2: file}}` names
  /// those for others. With `options: {mean: file}` it is a posterior's, for one scale.
  /// - Throws: `PipelineError` of kind `.usage` for a scale that is no whole number from 2 to 8, a model without
  ///   weights for the degradation, or a judge.
  init(_ entry: Specification.Model, degradation: Degradation = .bicubic) throws {
    model = entry.name
    self.degradation = degradation
    let options = try Self.options(entry)
    guard options?.judges != true else {
      throw PipelineError.usage(
        "model '\(entry.name)' enlarges nothing: it judges what others do; another model would be right")
    }
    own = options?.scale ?? 2
    guard (2...8).contains(own) else {
      throw PipelineError.usage(
        "\(entry.place): the scale of model '\(entry.name)' is \(own); a whole number from 2 to 8 would be right"
      )
    }
    clean = try Self.files(options?.scales ?? [:], entry).merging([own: entry.weights]) { given, _ in given }
    mean = try options?.mean.map { name in
      guard !name.contains("/") else {
        throw PipelineError.usage(
          "\(entry.place): the mean of model '\(entry.name)' is '\(name)'; a file beside the specification would be right"
        )
      }
      return entry.weights.deletingLastPathComponent().appendingPathComponent(name)
    }
    files = degradation == .real ? try Self.files(options?.real ?? [:], entry) : clean
    guard !files.isEmpty else {
      throw PipelineError.usage(
        "model '\(model)' was not trained for --degradation \(degradation); --degradation bicubic, or another model, "
          + "would be right")
    }
  }

  /// Whether the specification names weights for the degradation.
  static func has(_ degradation: Degradation, _ entry: Specification.Model) -> Bool {
    (try? ScaleWeights(entry, degradation: degradation)) != nil
  }

  private static func files(_ names: [String: String], _ entry: Specification.Model) throws -> [Int: URL] {
    let folder = entry.weights.deletingLastPathComponent()
    var files: [Int: URL] = [:]
    for (key, name) in names {
      guard let scale = Int(key), (2...8).contains(scale), !name.contains("/") else {
        throw PipelineError.usage(
          "\(entry.place): scale '\(key)' of model '\(entry.name)' is '\(name)'; a whole number from 2 to 8 and a file "
            + "beside the specification would be right")
      }
      files[scale] = folder.appendingPathComponent(name)
    }
    return files
  }

  var scales: [Int] { files.keys.sorted() }

  /// - Throws: `PipelineError` of kind `.usage` that names the scales there are.
  func file(_ scale: Int) throws -> URL { try Self.file(scale, of: files, model) }

  private static func file(_ scale: Int, of files: [Int: URL], _ model: String) throws -> URL {
    guard let file = files[scale] else {
      throw PipelineError.usage(
        "model '\(model)' has no weights for scale \(scale); there are "
          + files.keys.sorted().map { "\($0)" }.joined(separator: ", "))
    }
    return file
  }

  /// The file and scale of every pass. What the first pass has cleaned, the later ones take as clean.
  func passes(_ plan: ScalePlan) throws -> [(file: URL, scale: Int)] {
    try plan.factors.enumerated().map { index, factor in
      (try Self.file(factor, of: index == 0 ? files : clean, model), factor)
    }
  }

  /// The SHA-256 of the files that a plan takes, joined by `+` in the order in which they are applied.
  func sha256(_ plan: ScalePlan) throws -> String {
    var seen = mean.map { [$0] } ?? []
    for pass in try passes(plan) where !seen.contains(pass.file) { seen.append(pass.file) }
    return try seen.map { try Digest.sha256(of: $0) }.joined(separator: "+")
  }
}
