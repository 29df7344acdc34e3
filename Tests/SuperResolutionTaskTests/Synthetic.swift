import Families
import Foundation
import Logging
import MediaIO
import MediaTensors
import TestSupport
import Torch
import TorchNN

@testable import SuperResolutionTask

/// Pictures and models that need no files.
enum Synthetic {
  /// `[3, height, width]` over 0…1, 8-bit values: waves of a direction and length that `seed` decides, smooth enough
  /// to be enlarged well.
  static func picture(height: Int, width: Int, seed: Int = 0) throws -> Tensor {
    var values: [Float] = []
    for channel in 0..<3 {
      for y in 0..<height {
        for x in 0..<width {
          let phase =
            Double(x) / Double(3 + seed % 5) + Double(y) / Double(4 + seed % 3) + Double(channel + seed)
          values.append(Float((127.5 + 110 * sin(phase)).rounded()))
        }
      }
    }
    return try Tensor(values, shape: [3, height, width]) / 255
  }

  /// Writes a picture as a PNG file, with its folder.
  @discardableResult
  static func write(_ picture: Tensor, to file: URL) throws -> URL {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Image(picture, bitDepth: 8).pngData().write(to: file)
    return file
  }

  /// A folder with `count` photographs `00.png`, `01.png`, … of `height` × `width`.
  static func photographs(_ count: Int, height: Int = 64, width: Int = 72) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for index in 0..<count {
      try write(
        picture(height: height, width: width, seed: index),
        to: folder.url.appendingPathComponent(String(format: "%02d.png", index)))
    }
    return folder
  }

  /// A model whose every layer has something to say, its hidden layers included.
  static func model(
    channels: Int = 6, blocks: Int = 2, scale: Int = 2, seed: UInt64 = 1
  ) throws -> SuperResolutionModel {
    let network = try SuperResolutionNetwork(.init(channels: channels, blocks: blocks, scale: scale))
    for (index, entry) in network.namedParameters.enumerated() {
      entry.parameter.value = try .noise(entry.parameter.value.shape, seed: seed * 1000 + UInt64(index)) * 0.1
    }
    return SuperResolutionModel(network: network, loss: .squared)
  }

  /// A posterior for ×4 around such a model, whose every layer has something to say.
  static func posterior(meanSHA256: String = "", seed: UInt64 = 5) throws -> PosteriorModel {
    let network = try PosteriorNetwork(
      .init(denoiser: .init(channels: 6, blocks: 2), deviation: .init(channels: 4, blocks: 1), scale: 4))
    for (index, entry) in network.namedParameters.enumerated() {
      entry.parameter.value =
        try .noise(entry.parameter.value.shape, seed: seed * 1000 + UInt64(index)) * 0.05
    }
    network.root.value = try .identity(16)
    network.rootsAcross.value = try .cat([.identity(16), .identity(16)], axis: 0)
    return PosteriorModel(
      description: .init(
        network: network.configuration, diffusion: .init(mean: 0, deviation: 1, unconditionalShare: 0),
        sampler: .init(steps: 3, largest: 10, smallest: 0.05), local: .init(floor: 1e-4, slope: 0.1),
        across: .init(floor: 1e-5, slope: 0.1), tails: .init(freedom: 5), widening: 1.2,
        meanSHA256: meanSHA256), network: network)
  }

  /// A judge that has learned nothing, which sees differences all the same.
  static func judge(seed: UInt64 = 3) throws -> PictureJudge {
    let judge = try PictureJudge(
      .init(
        classes: ["one", "other"],
        network: .init(pictureChannels: 3, channels: [4, 6], blocks: 1, classes: 2)))
    try judge.network.initialize(seed: seed)
    return judge
  }

  static var log: Logger {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return log
  }
}
