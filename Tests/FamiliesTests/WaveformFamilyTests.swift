import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

struct WaveformFamilyTests {
  private static let levels = 256
  private static let silence = 128

  /// A backbone that expects nothing, or the level before once more.
  private func family(favoursTheLast: Double = 0) -> WaveformFamily {
    WaveformFamily(
      levels: Self.levels, silence: Self.silence,
      backbone: { previous, _ in
        let shown = try previous.to(.float32).floats()
        var scores = [Float](repeating: 0, count: shown.count * Self.levels)
        for (index, level) in shown.enumerated() {
          scores[index * Self.levels + Int(level)] = Float(favoursTheLast)
        }
        return try Tensor(scores, shape: [previous.shape[0], previous.shape[1], Self.levels])
      },
      summary: { previous, features in
        try .cat([previous.to(.float32).mean([1], keepAxes: true), features.mean([1])], axis: 1)
      })
  }

  /// Of two sounds in frames of two samples.
  private func given(_ frames: Int) throws -> Conditioning {
    Conditioning(spatial: try Tensor.noise([2, 3, frames]))
  }

  private var noise: BatchNoise { BatchNoise(seed: 0, first: 0, count: 2) }

  @Test func whoKnowsNothingPaysForEveryLevel() throws {
    let x = try Tensor([0, 255, 128, 7, 1, 2, 3, 4] as [Float], shape: [2, 4])
    let bits = try family().loss(x, given: given(2), noise: noise).scalar()
    #expect(abs(bits - 8) < 1e-5)
    let density = try family().logDensity(x, known: nil, given: given(2), noise: noise)
    #expect(density.kind == .exact && density.values.dtype == .float64)
    for nats in try density.values.elements(Double.self) { #expect(abs(nats + 4 * log(256)) < 1e-5) }
  }

  /// The level before each sample is shown, and silence before the first.
  @Test func eachSampleIsToldTheOneBefore() throws {
    let x = try Tensor([128, 128, 9, 9, 128, 4, 4, 4] as [Float], shape: [2, 4])
    let each = try family(favoursTheLast: 5).logProbabilities(x, given(2)).each.floats()
    let total = log(exp(5.0) + 255)
    let likely = Float(5 - total)
    let unlikely = Float(-total)
    let expected = [likely, likely, unlikely, likely, likely, unlikely, likely, likely]
    for (found, wanted) in zip(each, expected) { #expect(abs(found - wanted) < 1e-5) }
  }

  @Test func whereThereIsNoSampleNothingIsCounted() throws {
    let family = family(favoursTheLast: 5)
    let short = try Tensor([128, 9, 9, 9] as [Float], shape: [2, 2])
    let padded = try Tensor([128, 9, -1, -1, 9, 9, -1, -1] as [Float], shape: [2, 4])
    let isThere = try family.logProbabilities(padded, given(2)).isThere.floats()
    #expect(isThere == [1, 1, 0, 0, 1, 1, 0, 0])
    let (a, b) = (
      try family.loss(short, given: given(1), noise: noise).scalar(),
      try family.loss(padded, given: given(2), noise: noise).scalar()
    )
    #expect(abs(a - b) < 1e-5)
    let densities = try [(short, 1), (padded, 2)].map { x, frames in
      try family.logDensity(x, known: nil, given: given(frames), noise: noise).values.elements(Double.self)
    }
    for (one, other) in zip(densities[0], densities[1]) { #expect(abs(one - other) < 1e-6) }
  }

  @Test func densityIsTheSumOverSamples() throws {
    let family = family(favoursTheLast: 3)
    let x = try Tensor([128, 9, 9, 8, 9, 9, -1, -1] as [Float], shape: [2, 4])
    let (each, isThere) = try family.logProbabilities(x, given(2))
    let sums = try (each * isThere).sum([1]).floats()
    let density = try family.logDensity(x, known: nil, given: given(2), noise: noise).values.floats()
    for (found, wanted) in zip(density, sums) { #expect(abs(found - wanted) < 1e-5) }
    let bits = try family.loss(x, given: given(2), noise: noise).scalar()
    #expect(abs(bits + Double(sums[0] + sums[1]) / 6 / log(2)) < 1e-5)
  }

  @Test func whatItCannotDoIsRefused() throws {
    let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(throws: TensorError.self) {
      try family().logDensity(x, known: x, given: given(1), noise: noise)
    }
    #expect(throws: TensorError.self) { try family().loss(x, given: .none, noise: noise) }
  }

  @Test func embeddingSeesSoundAndFeatures() throws {
    let x = try Tensor([130, 1, 126, 1] as [Float], shape: [2, 2])
    let conditioning = try given(1)
    let vectors = try family().embed(x, given: conditioning)
    #expect(vectors.shape == [2, 4])
    let values = try vectors.floats()
    #expect(values[0] == 129 && values[4] == 127)
    let features = try #require(conditioning.spatial).floats()
    for index in 0..<3 { #expect(abs(values[1 + index] - features[index]) < 1e-6) }
  }
}
