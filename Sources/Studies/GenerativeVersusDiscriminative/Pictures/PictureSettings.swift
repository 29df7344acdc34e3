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
    let table = try YAMLReader(reader.require("learners"), of: "'learners'")
    learners = try table.keys.compactMap(table.entry).map { entry in
      let reader = try YAMLReader(entry.value, of: "learner '\(entry.key)'")
      let length: YAMLValue = try reader.require("length")
      let recipe: YAMLValue = try reader.require("recipe")
      try reader.finish()
      return Learner(
        name: entry.key, length: try length.decode(Length.self, of: "'length' of '\(entry.key)'"),
        recipe: recipe)
    }
    try reader.finish()
  }
}
