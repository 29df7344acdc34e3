internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// What several draws of one picture say together: their mean, how far they are spread, and how well each agrees with the
/// picture that it was drawn from.
struct PosteriorSummary {
  struct Draw {
    let index: Int
    let picture: Image
    /// PSNR of its reduction against the input, dB.
    let consistency: Double
  }

  /// `summary.json`.
  struct Report: Codable, Equatable {
    struct Consistency: Codable, Equatable {
      var index: Int
      var decibels: Double
    }

    /// Standard deviation of a value over the draws, in grey levels of 255.
    struct Spread: Codable, Equatable {
      var mean: Double
      var maximum: Double
      /// What is white in `spread.png`; black is 0.
      var white: Double
    }

    var model: String
    var seed: UInt64
    var count: Int
    var consistency: [Consistency]
    var spread: Spread
    /// Share of the truth's values that lie in the draws' intervals of 90 %, 0…1; nil where the truth is not known.
    var coverage: Double?
  }

  let draws: [Draw]
  let model: String
  let seed: UInt64
  /// `[C, H, W]` over 0…1.
  let mean: Tensor
  /// `[1, H, W]`: the root of the mean over the channels of the variance over the draws.
  let spread: Tensor
  let spreadMean: Double
  let coverage: Double?

  /// - Parameter truth: what the pictures are draws of, `[C, H, W]` over 0…1 with their colours; nil where it is not known.
  /// - Precondition: two draws at least, all of one size.
  init(draws: [Draw], model: String, seed: UInt64, truth: Tensor? = nil) throws {
    (self.draws, self.model, self.seed) = (draws, model, seed)
    var sums: (values: Tensor, squares: Tensor)?
    for draw in draws {
      let values = try draw.picture.tensor()
      if let sums {
        try sums.values.add_(values)
        try sums.squares.add_(values.squared())
      } else {
        sums = (try values.cloned(), try values.squared())
      }
    }
    guard let sums else { preconditionFailure("there are draws") }
    let count = Double(draws.count)
    mean = try sums.values / count
    let variance = try (sums.squares - mean * sums.values).clamped(0, .infinity) / (count - 1)
    let colours = draws[0].picture.channels.isColour ? 3 : 1
    let colour = try variance.narrow(0, start: 0, length: colours)
    spread = try colour.mean([0], keepAxes: true).squareRoot()
    spreadMean = try colour.squareRoot().mean().scalar()
    let middle = try mean.narrow(0, start: 0, length: colours)
    coverage = try truth.map {
      IntervalCoverage.coverage(try IntervalCoverage.distances(of: $0, mean: middle, variance: colour))
    }
  }

  func report() throws -> Report {
    let maximum = try spread.maximum().scalar() * 255
    return Report(
      model: model, seed: seed, count: draws.count,
      consistency: draws.map { .init(index: $0.index, decibels: $0.consistency) },
      spread: .init(mean: spreadMean * 255, maximum: maximum, white: maximum),
      coverage: coverage)
  }

  /// Black, red, yellow, white: `[3, H, W]` over 0…1 of the spread over 0…`white` grey levels.
  func heatMap(white: Double) throws -> Tensor {
    let heat = try spread * (white > 0 ? 3 * 255 / white : 0)
    return try Tensor.cat((0..<3).map { try (heat - Double($0)).clamped(0, 1) }, axis: 0)
  }

  /// Where a summary goes.
  struct Folder {
    private let url: URL

    /// Makes the folder, before any work.
    /// - Throws: `PipelineError` of kind `.data` where it cannot be made.
    init(_ path: String) throws {
      url = URL(fileURLWithPath: path)
      try OutputFolder.make(url)
    }

    func write(_ summary: PosteriorSummary) throws {
      let report = try summary.report()
      func write(_ image: Image, _ name: String) throws {
        try AtomicFile.write(image.pngData(), to: url.appendingPathComponent(name))
      }
      for draw in summary.draws { try write(draw.picture, String(format: "draw-%03d.png", draw.index)) }
      try write(Image(summary.mean, bitDepth: summary.draws[0].picture.bitDepth), "mean.png")
      try write(Image(summary.heatMap(white: report.spread.white), bitDepth: 8), "spread.png")
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      try AtomicFile.write(encoder.encode(report), to: url.appendingPathComponent("summary.json"))
    }
  }
}
