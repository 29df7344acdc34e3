import Foundation
import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

struct LabelledImagesTests {
  private let folder: TemporaryFolder

  /// 20 pictures of 6×4 a class in folders of their own: `left` is bright at the left, `right` at the right.
  init() throws {
    folder = try TemporaryFolder()
    for name in ["left", "right"] {
      let inside = folder.url.appendingPathComponent("data/\(name)")
      try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
      for index in 0..<20 {
        let row = (0..<6).map { UInt8(($0 < 3) == (name == "left") ? 200 + index : index) }
        let image = Image(
          width: 6, height: 4, channels: .grey,
          samples: .uint8([[UInt8]](repeating: row, count: 4).flatMap { $0 }))
        try image.pngData().write(to: inside.appendingPathComponent(String(format: "%02d.png", index)))
      }
    }
  }

  @Test func filesOfMNIST() throws {
    let images = folder.url.appendingPathComponent("idx")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    try Data(header + [1, 2, 3, 4]).write(to: images.appendingPathComponent("train-images-idx3-ubyte"))
    try Data([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]).write(
      to: images.appendingPathComponent("train-labels-idx1-ubyte"))
    let mnist = try LabelledImages(folder: images, split: .train, classes: ["a", "b"])
    #expect(mnist.pixels.shape == [2, 1, 1, 2] && mnist.labels == [1, 0] && mnist.classes == ["a", "b"])
    #expect(throws: TensorError.self) { try LabelledImages(folder: images, split: .train, classes: ["a"]) }
    #expect(throws: TensorError.self) { try LabelledImages(folder: images, split: .test) }
  }

  /// Every tenth picture of a class is for testing.
  @Test func aFolderForEachClass() throws {
    let data = folder.url.appendingPathComponent("data")
    let train = try LabelledImages(folder: data, split: .train)
    let test = try LabelledImages(folder: data, split: .test)
    #expect(train.count == 36 && test.count == 4 && train.classes == ["left", "right"])
    #expect(test.pixels.shape == [4, 1, 4, 6] && test.labels == [0, 0, 1, 1])
    #expect(try Set(train.spread(10).labels) == [0, 1])
    // A model's classes decide the labels, and an unknown one is named.
    let model = try LabelledImages(folder: data, split: .test, classes: ["right", "other", "left"])
    #expect(Set(model.labels) == [0, 2] && model.classes.count == 3)
    let error = try #require(throws: TensorError.self) {
      try LabelledImages(folder: data, split: .test, classes: ["left", "up"])
    }
    #expect(error.description.contains("pictures of 'right'"))
    // Dequantised pictures fall back to their levels.
    let x = try LabelledImages.dequantized(test.pixels, noise: BatchNoise(seed: 1, first: 0, count: 4))
    #expect(try largestDifference((x * 256).floored(), test.pixels) == 0)
  }
}
