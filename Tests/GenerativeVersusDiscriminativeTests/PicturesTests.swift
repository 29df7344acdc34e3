import Foundation
import MediaTensors
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask
@testable import GenerativeVersusDiscriminative

struct AbstentionTests {
  @Test("risk by coverage; ties share their mean, so that their order is nothing")
  func risk() {
    let risk = Abstention.risk(
      scores: [0.9, 0.5, 0.7, 0.6], isRight: [true, false, true, false], coverages: [0.25, 0.5, 0.75, 1])
    #expect(risk == [0, 0, 1.0 / 3, 0.5])
    #expect(Abstention.risk(scores: [.nan, 1], isRight: [true, true], coverages: [1]) == [0])
    for isRight in [[true, false, true], [false, true, true], [true, true, false]] {
      let tied = Abstention.risk(scores: [1, 1, 1], isRight: isRight, coverages: [0.34, 1])
      #expect(tied.allSatisfy { abs($0 - 1.0 / 3) < 1e-12 })
    }
  }

  @Test("answers, their confidence and their loss")
  func answers() {
    let answers = Answers(
      [
        .init(logPosterior: [log(0.9), log(0.1)], typicality: nil),
        .init(logPosterior: [log(0.2), log(0.8)], typicality: nil),
      ],
      labels: [0, 0])
    #expect(answers.isRight == [true, false] && answers.typicality == nil)
    #expect(abs(answers.confidence[1] - 0.8) < 1e-12 && abs(answers.losses[1] + log(0.2)) < 1e-12)
    #expect(answers.error.mean == 0.5)
    #expect(answers.confidentErrors(0.75).mean == 0.5 && answers.confidentErrors(0.85).mean == 0)
    let strangers = Answers([.init(logPosterior: [0, -.infinity], typicality: 0.5)], labels: nil)
    #expect(strangers.isRight == [false] && strangers.losses.isEmpty && strangers.typicality == [0.5])
  }
}

struct StudyPicturesTests {
  private let small: SmallStudy
  private let pictures: StudyPictures

  init() throws {
    small = try SmallStudy()
    pictures = try StudyPictures(
      small.pictures, strangers: small.strangers, plan: small.settings().plan)
  }

  @Test("each class as often, a choice of its own, and nothing of it watched or tested")
  func choices() throws {
    let some = try pictures.chosen(20, seed: 1, round: 0)
    #expect(some.count == 20 && some.labels.count { $0 == 0 } == 10)
    #expect(try some.pixels.bytes() == pictures.chosen(20, seed: 1, round: 0).pixels.bytes())
    #expect(try some.pixels.bytes() != pictures.chosen(20, seed: 1, round: 1).pixels.bytes())
    #expect(throws: PipelineError.self) { try pictures.chosen(10_000, seed: 1, round: 0) }
    #expect(pictures.watched.count == 10 && pictures.pool.count + pictures.watched.count == 108)
  }

  @Test("sizes that cannot be are found before any training")
  func impossibleSizes() throws {
    for size in [1, 10_000] {
      let other = try SmallStudy(edit: { $0.replacing("sizes: [10, 40]", with: "sizes: [10, \(size)]") })
      let error = #expect(throws: PipelineError.self) { try other.page() }
      #expect(error?.description.contains("'sizes' of study.yaml has \(size)") == true)
      #expect(!FileManager.default.fileExists(atPath: other.output.path))
    }
  }

  @Test("other pictures or labels are another set")
  func digests() throws {
    let plan = try small.settings().plan
    #expect(
      try StudyPictures(small.pictures, strangers: small.strangers, plan: plan).digest == pictures.digest)
    #expect(try StudyPictures(small.pictures, strangers: nil, plan: plan).digest != pictures.digest)
    let some = try pictures.chosen(20, seed: 1, round: 0)
    let others = LabelledImages(pixels: some.pixels, labels: some.labels.reversed(), classes: some.classes)
    #expect(try some.digest() != others.digest())
  }

  @Test("a share of strangers with labels at random; the rest is as it was")
  func contamination() throws {
    let clean = try pictures.chosen(20, seed: 1, round: 0)
    let mixed = try pictures.contaminated(clean, share: 0.25, seed: 1, round: 0)
    #expect(mixed.count == 20)
    let (a, b) = (
      try clean.pixels.narrow(0, start: 5, length: 15), try mixed.pixels.narrow(0, start: 5, length: 15)
    )
    #expect(try a.contiguous().bytes() == b.contiguous().bytes())
    #expect(Array(mixed.labels[5...]) == Array(clean.labels[5...]))
    // Strangers are black.
    #expect(try mixed.pixels.narrow(0, start: 0, length: 5).to(.float32).maximum().scalar() == 0)
  }

  @Test("noise, and the mean picture in the place of what is missing")
  func conditions() throws {
    let known = try pictures.chosen(20, seed: 1, round: 0)
    func shown(_ condition: PictureCondition) throws -> LabelledImages {
      try #require(try pictures.shown(condition, noise: 20, seed: 1, known: known))
    }
    let clean = try shown(.clean).pixels
    let noise = try shown(.noisy).pixels.to(.float32) - clean.to(.float32)
    #expect(abs(try noise.squared().mean().scalar().squareRoot() - 20) < 4)
    let half = try shown(.half).pixels
    #expect(pictures.missingRows == 2..<4)
    #expect(
      try half.narrow(2, start: 0, length: 2).contiguous().bytes()
        == clean.narrow(2, start: 0, length: 2).contiguous().bytes())
    let mean = try known.pixels.to(.float32).mean([0]).rounded().narrow(1, start: 2, length: 2)
    #expect(
      try largestDifference(
        half.narrow(0, start: 3, length: 1).narrow(2, start: 2, length: 2).squeezed(0), mean) == 0)
    #expect(try shown(.strangers).count == pictures.strangers?.new.count)
  }
}

struct PictureSettingsTests {
  @Test("the committed settings are read, and lengths follow the pictures within their limits")
  func committed() throws {
    let settings = try PictureSettings(
      contentsOf: PipelineHome().folder(of: GenerativeVersusDiscriminative.name)
        .appendingPathComponent("study.yaml"))
    #expect(settings.learners.contains { $0.name == "discriminative" })
    #expect(settings.plan.sizes.first == 10 && settings.plan.sizes.last! > 50_000)
    let length = PictureSettings.Length(
      epochs: 64, leastSteps: 100, mostSteps: 2000, picturesPerStep: 64, leastPictures: 10)
    #expect([10, 300, 59_000].map(length.steps) == [100, 300, 2000])
  }

  @Test(
    "a mistake in the file is named with its line",
    arguments: [
      ("sizes", "sises", "sises"), ("leastSteps: 2", "leastSteps: many", "'leastSteps'"),
      ("study: generative", "study: other", "other"),
      ("strangers: 0.25", "strangers: 1.5", "'strangers' is 1.5"),
      ("sizes: [10, 40]", "sizes: [10, 0]", "'sizes' has 0"), ("tested: 12", "tested: 0", "'tested' has 0"),
      ("mostSteps: 2,", "mostSteps: 1,", "'leastSteps' 2"), ("noise: 20", "noise: -1", "'noise' is -1.0"),
    ])
  func mistakes(_ right: String, _ wrong: String, _ words: String) throws {
    let small = try SmallStudy(edit: { $0.replacing(right, with: wrong, maxReplacements: 1) })
    let error = #expect(throws: PipelineError.self) { try small.settings() }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }
}
