public import Foundation
internal import Logging
internal import MediaIO
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a model of words.
struct WordsRecipe: Codable, Sendable, Equatable {
  struct Network: Codable, Sendable, Equatable {
    var channels: Int
    /// Of one stack of blocks: 1, 2, 4 … below this power of two.
    var dilationLimit: Int
    var stacks: Int
    var skip: Int
    var condition: Int
    /// Samples of a frame.
    var hop: Int
  }

  var family: String
  /// Takes, beside those for testing, on which the loss is watched.
  var heldOutTakes: [Int]
  /// Frames of one training sample.
  var frames: Int
  var network: Network
  var training: TrainingRecipe
}

extension AudioSynth: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  static func folder(_ data: [URL]) throws -> URL {
    guard data.count == 1 else {
      throw PipelineError.usage(
        data.isEmpty
          ? "--data is missing; a folder with recordings named <word>_<voice>_<take>.wav would be right "
            + "(the Free Spoken Digit Dataset)"
          : "--data names \(data.count) folders; one would be right")
    }
    return data[0]
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    let (found, owner) = try specification.recipe(of: entry, request)
    let family: String? = try YAMLReader(found, of: owner).optional("family")
    let data = try SpokenWords(folder: Self.folder(request.data), split: .train)
    request.log.info(
      "\(data.recordings.count) recordings of \(data.words.count) words by \(data.voices.count) voices")
    switch family {
    case "wavenet":
      var recipe = try found.decode(WordsRecipe.self, of: owner)
      recipe.training.override(by: request)
      let result = try WordsTraining(recipe: recipe, request: request)(data)
      return TrainingReport(
        weights: try write(result.model.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out bits/sample": result.loss])
    case "discriminative":
      var recipe = try found.decode(JudgeRecipe.self, of: owner)
      recipe.training.override(by: request)
      guard request.device == "cpu" else {
        throw PipelineError.usage(
          "--device is '\(request.device)', but a judge is trained on the CPU; 'cpu' would be right")
      }
      let result = try SoundJudge.trained(recipe, data, request)
      return TrainingReport(
        weights: try write(result.judge.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out accuracy": result.accuracy])
    default:
      throw PipelineError.usage(
        NearestName.unknown("family", family ?? "", known: ["wavenet", "discriminative"], listing: true))
    }
  }

  private static func notes(_ recipe: some Encodable) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return [
      "recipe": String(decoding: try encoder.encode(recipe), as: UTF8.self),
      "pipeline": PipelineVersion.current,
    ]
  }

  /// Writes the weights beside the checkpoint.
  private func write(_ weights: Safetensors, _ request: TrainingRequest) throws -> URL {
    let file = URL(fileURLWithPath: "\(request.folder.relativePath)/weights.safetensors")
    try FileManager.default.createDirectory(at: request.folder, withIntermediateDirectories: true)
    try AtomicFile.write(weights.encoded(), to: file)
    return file
  }
}

extension TrainingRecipe {
  /// What the command line says instead.
  fileprivate mutating func override(by request: TrainingRequest) {
    if let steps = request.steps { self.steps = steps }
    if let seed = request.seed { self.seed = seed }
  }
}
