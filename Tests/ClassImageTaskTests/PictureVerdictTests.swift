import Foundation
import MediaTensors
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask

struct PictureVerdictTests {
  private let small: SmallClasses

  init() throws { small = try SmallClasses() }

  @Test("a model of either kind says what a picture is of; only a density says how usual it is")
  func verdicts() throws {
    let images = try LabelledImages(
      folder: small.folder.url.appendingPathComponent("data"), split: .test, classes: ["left", "right"])
    let mixture = try ClassImageModel(contentsOf: small.trained().model(named: "mixture").weights)
    let verdicts = try #require(try mixture.verdicts(on: images, workers: 2))
    #expect(verdicts.map(\.best) == images.labels)
    for verdict in verdicts {
      #expect(abs(try Tensor(verdict.logPosterior, shape: [2]).logSumExp(0).scalar()) < 1e-9)
      #expect((0...1).contains(try #require(verdict.typicality)))
    }
    // The right half alone does not tell how usual the whole is; the class it does.
    let half = try #require(try mixture.verdicts(on: images, missing: 2..<4, workers: 2))
    #expect(half.map(\.best) == images.labels && half.allSatisfy { $0.typicality == nil })

    let network = try ClassImageModel(
      contentsOf: small.published("discriminative", steps: 40).model(named: "discriminative").weights)
    let others = try #require(try network.verdicts(on: images, workers: 1))
    #expect(others.map(\.best) == images.labels && others.allSatisfy { $0.typicality == nil })
    let flow = try ClassImageModel(contentsOf: small.published("flow").model(named: "flow").weights)
    #expect(try flow.verdicts(on: images, missing: 2..<4, workers: 1) == nil)
  }
}
