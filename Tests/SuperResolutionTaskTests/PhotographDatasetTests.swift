import Foundation
import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Photographs become pairs of crops, keyed by (seed, step, sample).
struct PhotographDatasetTests {
  private func dataset(_ folder: TemporaryFolder, scale: Int = 2) throws -> PhotographDataset {
    try PhotographDataset(folders: [folder.url], scale: scale, log: Synthetic.log)
  }

  @Test func batchesAreKeyed() throws {
    let data = try dataset(Synthetic.photographs(4))
    func bytes(_ seed: UInt64, _ step: Int, _ samples: Range<Int>) throws -> [Data] {
      let batch = try data.batch(seed: seed, step: step, samples: samples, side: 12)
      return [try batch.low.bytes(), try batch.high.bytes()]
    }
    let first = try bytes(1, 5, 0..<4)
    #expect(try bytes(1, 5, 0..<4) == first)
    #expect(try bytes(2, 5, 0..<4) != first)
    #expect(try bytes(1, 6, 0..<4) != first)
    // A step's chunks are parts of the same step.
    let (front, back) = (try bytes(1, 5, 0..<1), try bytes(1, 5, 1..<4))
    #expect(zip(front, back).map { $0 + $1 } == first)
  }

  @Test func shapesAndRange() throws {
    let data = try dataset(Synthetic.photographs(3), scale: 3)
    let batch = try data.batch(seed: 1, step: 0, samples: 0..<5, side: 8)
    #expect(batch.low.shape == [5, 3, 8, 8] && batch.high.shape == [5, 3, 24, 24])
    for tensor in [batch.low, batch.high] {
      #expect(tensor.dtype == .float32)
      #expect(try tensor.minimum().scalar() >= 0 && tensor.maximum().scalar() <= 1)
    }
  }

  /// Away from a crop's edges its reduction is the low crop, whichever way both were turned.
  @Test(arguments: [2, 3, 4]) func cropsBelongTogether(_ scale: Int) throws {
    let data = try dataset(Synthetic.photographs(4, height: 96, width: 100), scale: scale)
    let batch = try data.batch(seed: 3, step: 1, samples: 0..<32, side: 16)
    let reduced = try Degradation.bicubic(batch.high, scale: scale)
    func inside(_ x: Tensor) throws -> Tensor {
      try x.narrow(2, start: 2, length: 12).narrow(3, start: 2, length: 12)
    }
    // A turned picture is rounded along the other axis first.
    #expect(try largestDifference(inside(reduced), inside(batch.low)) < 1.01 / 255)
  }

  /// The largest crop that fits is the picture itself, in one of eight orientations.
  @Test func everyTurnIsDrawn() throws {
    let data = try dataset(Synthetic.photographs(2, height: 64, width: 64))
    let batch = try data.batch(seed: 1, step: 0, samples: 0..<80, side: 32)
    let seen = Set(try (0..<80).map { try batch.low.select(0, $0).bytes() })
    let low = try data.training[0].low.to(.float32) / 255
    let turns = Set(try SquareSymmetry.all.map { try $0(low).bytes() })
    #expect(seen == turns && seen.count == 8)
  }

  @Test func every20thPictureIsHeldOut() throws {
    let folder = try Synthetic.photographs(41, height: 64, width: 65)
    let data = try dataset(folder)
    #expect(data.validation.count == 3 && data.training.count == 38)
    for (pair, name) in zip(data.validation, ["00", "20", "40"]) {
      let picture = try Image(contentsOf: folder.url.appendingPathComponent("\(name).png")).tensor()
      // The width is cut to a multiple of the scale.
      #expect(pair.high.shape == [3, 64, 64] && pair.low.shape == [3, 32, 32])
      #expect(
        try largestDifference(pair.high, (picture.narrow(2, start: 0, length: 64) * 255).rounded()) == 0)
    }
  }

  @Test func largePicturesAreHalvedAndCut() throws {
    let folder = try TemporaryFolder()
    try Synthetic.write(.full([3, 800, 800], 0.5), to: folder.url.appendingPathComponent("flat.png"))
    let noise = try Tensor.uniform([3, 200, 300]).repeatInterleave(4, axis: 1).repeatInterleave(5, axis: 2)
    try Synthetic.write(noise, to: folder.url.appendingPathComponent("rich.png"))
    let data = try dataset(folder)
    // 800 × 1500 becomes 400 × 750, which holds two squares of 320; the flat one teaches nothing.
    #expect(data.training.map(\.high.shape) == [[3, 320, 320], [3, 320, 320]])
    #expect(data.validation.count == 1)
  }

  @Test func onePhotographServesForBoth() throws {
    let data = try dataset(Synthetic.photographs(1))
    #expect(data.training.count == 1 && data.validation.count == 1)
  }

  @Test func whatIsNoPhotographIsLeftOut() throws {
    let folder = try Synthetic.photographs(3)
    try Data("no picture".utf8).write(to: folder.url.appendingPathComponent("broken.png"))
    try Data("text".utf8).write(to: folder.url.appendingPathComponent("notes.txt"))
    try Synthetic.write(.zeros([3, 63, 200]), to: folder.url.appendingPathComponent("small.png"))
    try Synthetic.write(.zeros([4, 80, 80]), to: folder.url.appendingPathComponent("alpha.png"))
    try FileManager.default.createSymbolicLink(
      at: folder.url.appendingPathComponent("link.png"),
      withDestinationURL: folder.url.appendingPathComponent("00.png"))
    // Folders below are looked into, and grey pictures taken as grey RGB.
    try Synthetic.write(.full([1, 64, 64], 0.2), to: folder.url.appendingPathComponent("below/grey.PNG"))
    let data = try dataset(folder)
    #expect(data.training.count + data.validation.count == 4)
  }

  @Test func severalFoldersAndSingleFiles() throws {
    let (a, b) = (try Synthetic.photographs(2), try Synthetic.photographs(3))
    let data = try PhotographDataset(
      folders: [a.url, b.url.appendingPathComponent("02.png")], scale: 2, log: Synthetic.log)
    #expect(data.training.count + data.validation.count == 3)
  }

  @Test func nothingToTrainOn() throws {
    let folder = try TemporaryFolder()
    var error = try #require(throws: TensorError.self) { try dataset(folder) }
    #expect(
      error.description.hasPrefix("no photographs to train on below \(folder.url.path); PNG or JPEG files"))
    let missing = folder.url.appendingPathComponent("missing")
    error = try #require(throws: TensorError.self) {
      try PhotographDataset(folders: [missing], scale: 2, log: Synthetic.log)
    }
    #expect(error.description == "\(missing.path) does not exist; a folder of photographs would be right")
  }
}
