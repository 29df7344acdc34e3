import Conditioners
import Families
import Foundation
import MediaTensors
import ModelTraining
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// From photographs to a posterior that draws, with an interruption.
struct PosteriorTrainingTests {
  private func training(
    _ photographs: TemporaryFolder, _ folder: TemporaryFolder, steps: Int = 6, workers: Int = 2
  ) throws -> PosteriorTraining {
    var training = TrainingRecipe(steps: steps, chunkSize: 2)
    training.warmupSteps = 2
    training.evaluateEvery = 3
    training.checkpointEvery = 3
    training.emaDecay = 0.9
    training.storage = .int8
    let recipe = PosteriorRecipe(
      denoiser: .init(channels: 8, blocks: 1), deviation: .init(channels: 4, blocks: 1), patch: 8,
      levels: .init(mean: -0.4, deviation: 1), sampler: .init(steps: 2, largest: 10, smallest: 0.1),
      training: training)
    try recipe.check(name: "posterior-x4", scale: 4)
    return PosteriorTraining(
      recipe: recipe,
      photographs: try PhotographDataset(folders: [photographs.url], scale: 4, log: Synthetic.log),
      mean: try Synthetic.model(scale: 4), meanSHA256: "mean", folder: folder.url, workers: workers,
      device: .cpu, log: Synthetic.log)
  }

  @Test func stoppedResumedAndUsed() throws {
    let photographs = try Synthetic.photographs(5)
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    let whole = try training(photographs, folders[0])
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(whole.outcome == .finished && whole.loss.isFinite)

    var steps = 0
    let first = try training(photographs, folders[1], workers: 1).run(
      resume: false, timeLimit: nil, shouldStop: { steps >= 2 }, progress: { step, _ in steps = step })
    #expect(first.outcome == .stopped(step: 2))
    let second = try training(photographs, folders[1])
      .run(resume: true, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(try second.model.weights(notes: [:]).encoded() == whole.model.weights(notes: [:]).encoded())
    #expect(second.loss == whole.loss)

    let file = folders[1].url.appendingPathComponent("weights.safetensors")
    try second.model.weights(notes: [:]).encoded().write(to: file)
    let read = try PosteriorModel(contentsOf: file)
    #expect(read.description == second.model.description && read.description.meanSHA256 == "mean")
    let drawing = try PosteriorDrawing(model: read, mean: Upscaler(model: Synthetic.model(scale: 4)))
    let drawn = try drawing(drawing.space(of: Synthetic.picture(height: 9, width: 7)), seed: 1, index: 0)
    #expect(drawn.shape == [3, 36, 28])
    #expect(try drawn.isFinite())
  }

  @Test func trainingHelps() throws {
    let photographs = try Synthetic.photographs(5)
    let losses = try [1, 80].map { steps in
      try training(photographs, TemporaryFolder(), steps: steps)
        .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in }).loss
    }
    #expect(losses[1] < losses[0])
  }

  /// A space of random pictures with roots that mix.
  private func space(widening: Double = 1) throws -> ResidualSpace {
    let low = try Tensor.uniform([1, 3, 6, 5], seed: 1)
    let mean = try low.resizedBilinear(height: 24, width: 20)
    let features = try MeanFeatures(low: low, mean: mean, scale: 4, local: .init(floor: 1e-4, slope: 0.5))
    let roots = try (2..<5).map { seed in
      let mixing = try Tensor.noise([16, 16], seed: UInt64(seed))
      return try (mixing.matmul(mixing.permuted([1, 0])) / 16 + Tensor.identity(16)).cholesky()
    }
    return try ResidualSpace(
      features, correction: Tensor.noise([1, 1, 24, 20], seed: 3) * 0.3,
      across: .init(floor: 1e-5, slope: 0.3), widening: widening,
      roots: .init(along: roots[0], across: Array(roots[1...])))
  }

  /// A picture is its variables, and they are it again.
  @Test func variablesAndPicture() throws {
    let space = try space(widening: 1.3)
    #expect(space.conditioning.spatial?.shape == [1, 71, 6, 5])
    let (y, across) = (try Tensor.noise([1, 16, 6, 5], seed: 6), try Tensor.noise([1, 32, 6, 5], seed: 7))
    let picture = try space.picture(of: y, across: across)
    #expect(try largestDifference(space.variable(of: picture), y) < 1e-2)
    #expect(try largestDifference(space.variableAcross(of: picture), across) < 1e-2)
    // What lies on the colour line has nothing across it.
    #expect(try space.variableAcross(of: space.picture(of: y)).abs().maximum().scalar() < 1e-2)
  }

  /// The logarithm of the volume is that of the determinant of the map from variables to values.
  @Test func volume() throws {
    let low = try Tensor.uniform([1, 3, 1, 1], seed: 1)
    let mean = try Tensor.uniform([1, 3, 2, 2], seed: 2)
    let features = try MeanFeatures(low: low, mean: mean, scale: 2, local: .init(floor: 1e-2, slope: 0.5))
    let mixing = try Tensor.noise([4, 4], seed: 3)
    let root = try (mixing.matmul(mixing.permuted([1, 0])) / 4 + Tensor.identity(4)).cholesky()
    let space = try ResidualSpace(
      features, correction: Tensor.noise([1, 1, 2, 2], seed: 4) * 0.3,
      across: .init(floor: 1e-3, slope: 0.3), widening: 1.5,
      roots: .init(along: root, across: [root, .identity(4)]))
    // One row of the map for each of its 12 variables.
    let origin = try space.picture(of: .zeros([1, 4, 1, 1]), across: .zeros([1, 8, 1, 1]))
    let rows = try (0..<12).map { index in
      let unit = try Tensor.identity(12).narrow(0, start: index, length: 1).reshaped([1, 12, 1, 1])
      return try
        (space.picture(
          of: unit.narrow(1, start: 0, length: 4), across: unit.narrow(1, start: 4, length: 8)) - origin)
        .reshaped([12])
    }
    let map = try Tensor.stack(rows)
    // ln |det M| is half of ln det M Mᵀ, by its Cholesky root.
    let logs = try map.matmul(map.permuted([1, 0])).to(.float64).cholesky().diagonal().log().sum().scalar()
    #expect(try abs(space.logVolume() - logs) < 1e-3)
  }

  /// Where only red changes, red alone is drawn; where all change alike, all are.
  @Test func colourLine() throws {
    let grey = try Synthetic.picture(height: 24, width: 24).narrow(0, start: 0, length: 1)
    let flat = try Tensor.full([1, 24, 24], 0.5)
    for (channels, wanted) in [([grey, flat, flat], [2.5, 0, 0]), ([grey, grey, grey], [1, 1, 1])] {
      let mean = try Tensor.cat(channels, axis: 0).unsqueezed(0)
      let low = try mean.resampledBicubic(height: 6, width: 6)
      let slopes = try LocalColour.slopes(low: low, mean: mean, scale: 4)
      for (channel, slope) in wanted.enumerated() {
        #expect(abs(try slopes.narrow(1, start: channel, length: 1).mean().scalar() - slope) < 0.1)
      }
    }
  }
}
