internal import Foundation
internal import PipelineCore

/// What is compared on pictures: `study.yaml`.
struct PictureSettings: Sendable {
  struct Plan: Codable, Sendable, Equatable {
    /// Pictures to train on.
    var sizes: [Int]
    /// Those at which the training pictures also have strangers among them.
    var contaminatedSizes: [Int]
    /// Random choices of the training pictures, up to `repeatedUpTo` of them; one beyond.
    var repeats: Int
    var repeatedUpTo: Int
    /// Pictures that watch the loss, and that typicality is calibrated by.
    var watched: Int
    var tested: Int
    /// Standard deviation of the noise of noisy test pictures, in grey levels.
    var noise: Double
    /// Share of strangers, with labels at random, among contaminated training pictures.
    var strangers: Double
    var seed: UInt64
  }

  struct Learner: Sendable {
    let name: String
    /// How the training's length follows the number of pictures.
    let length: Length
    let recipe: YAMLValue
  }

  struct Length: Codable, Sendable, Equatable {
    /// Times that each picture is seen, on average, within the limits below.
    var epochs: Double
    var leastSteps: Int
    var mostSteps: Int
    var picturesPerStep: Int
    /// Fewer are not enough for it.
    var leastPictures: Int

    func steps(pictures: Int) -> Int {
      let steps = epochs * Double(pictures) / Double(picturesPerStep)
      return min(mostSteps, max(leastSteps, Int(steps.rounded())))
    }
  }

  let plan: Plan
  let learners: [Learner]
  /// Of the file, to tell results of other settings apart.
  let digest: String

  /// - Throws: `PipelineError` of kind `.usage` that names the file and the line.
  init(contentsOf file: URL) throws {
    let text: String
    do { text = try String(contentsOf: file, encoding: .utf8) } catch {
      throw PipelineError.usage("the study's specification \(file.path) cannot be read")
    }
    let reader = try YAMLReader(
      try YAMLValue(parsing: text, file: file.lastPathComponent), of: "the study's specification")
    digest = Digest.sha256(Data(text.utf8))
    let name: String = try reader.require("study")
    guard name == GenerativeVersusDiscriminative.name else {
      throw PipelineError.usage("\(file.path) is of the study '\(name)'")
    }
    let plan: YAMLValue = try reader.require("pictures")
    self.plan = try plan.decode(Plan.self, of: "'pictures'")
    try self.plan.check(plan.place)
    let table = try YAMLReader(reader.require("learners"), of: "'learners'")
    learners = try table.keys.compactMap(table.entry).map { entry in
      let reader = try YAMLReader(entry.value, of: "learner '\(entry.key)'")
      let length: YAMLValue = try reader.require("length")
      let recipe: YAMLValue = try reader.require("recipe")
      try reader.finish()
      let decoded = try length.decode(Length.self, of: "'length' of '\(entry.key)'")
      try decoded.check(length.place)
      return Learner(
        name: entry.key, length: decoded,
        recipe: recipe)
    }
    try reader.finish()
  }
}

extension PictureSettings.Plan {
  /// - Throws: `PipelineError` of kind `.usage` that names the first number that cannot be.
  fileprivate func check(_ place: YAMLValue.Place) throws {
    let counts =
      [("repeats", repeats), ("tested", tested)] + (sizes + contaminatedSizes).map { ("sizes", $0) }
    for (name, value) in counts where !(1...100_000_000).contains(value) {
      throw PipelineError.usage("\(place): '\(name)' has \(value); 1 or more would be right")
    }
    guard (0..<1).contains(strangers) else {
      throw PipelineError.usage(
        "\(place): 'strangers' is \(strangers); a share from 0 to below 1 would be right")
    }
    guard (0...1000).contains(noise) else {
      throw PipelineError.usage("\(place): 'noise' is \(noise); 0 to 1000 grey levels would be right")
    }
  }
}

extension PictureSettings.Length {
  /// - Throws: `PipelineError` of kind `.usage` that names the first number that cannot be.
  fileprivate func check(_ place: YAMLValue.Place) throws {
    for (name, value) in [
      ("leastSteps", leastSteps), ("mostSteps", mostSteps), ("picturesPerStep", picturesPerStep),
    ] where !(1...100_000_000).contains(value) {
      throw PipelineError.usage("\(place): '\(name)' is \(value); 1 or more would be right")
    }
    guard (0...1_000_000).contains(epochs), leastSteps <= mostSteps else {
      throw PipelineError.usage(
        "\(place): 'epochs' is \(epochs), 'leastSteps' \(leastSteps), 'mostSteps' \(mostSteps); 0 or more epochs, and no more "
          + "least steps than most, would be right")
    }
  }
}
