import Foundation
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Which pictures of a folder are judged by, and what a model gets to see of them.
struct BenchmarkPairsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ picture: Tensor) throws {
    try Synthetic.write(picture, to: folder.url.appendingPathComponent(name))
  }

  private func read(_ scale: Int = 2) throws -> [BenchmarkPair] {
    try BenchmarkPairs.read(folder.url, scale: scale)
  }

  private func message(_ scale: Int = 2) throws -> String {
    let error = try #require(throws: TensorError.self) { try read(scale) }
    #expect(!error.description.contains("\n"))
    return error.description
  }

  @Test func singlePicturesAreReduced() throws {
    let picture = try Synthetic.picture(height: 33, width: 40)
    try write("bird.png", picture)
    let pair = try #require(try read().first)
    #expect(pair.name == "bird")
    // Cut to a multiple of the scale first.
    let cut = try picture.narrow(1, start: 0, length: 32)
    #expect(try largestDifference(pair.high, cut) < 1e-6)
    #expect(try largestDifference(pair.low, Degradation.bicubic(cut, scale: 2)) < 1e-6)
  }

  @Test func pairsAreTakenAsTheyAre() throws {
    let low = try Synthetic.picture(height: 20, width: 16, seed: 3)
    try write("a_HR.png", Synthetic.picture(height: 40, width: 32))
    try write("a_LR.png", low)
    let pairs = try read()
    #expect(pairs.map(\.name) == ["a_HR"])
    #expect(try largestDifference(pairs[0].low, low) < 1e-6)
    #expect(pairs[0].high.shape == [3, 40, 32])
  }

  /// MATLAB rounds sizes up: ⌈41 / 2⌉ = 21.
  @Test func lowSizesMayBeRoundedUp() throws {
    try write("a_HR.png", Synthetic.picture(height: 41, width: 33))
    try write("a_LR.png", Synthetic.picture(height: 21, width: 17))
    let pair = try #require(try read().first)
    #expect(pair.high.shape == [3, 40, 32] && pair.low.shape == [3, 21, 17])
  }

  @Test func onlyTheFilesOfTheScale() throws {
    for scale in [2, 4] {
      try write("image_SRF_\(scale)/img_001_SRF_\(scale)_HR.png", Synthetic.picture(height: 40, width: 48))
      try write(
        "image_SRF_\(scale)/img_001_SRF_\(scale)_LR.png",
        Synthetic.picture(height: 40 / scale, width: 48 / scale))
    }
    #expect(try read(2).map(\.name) == ["img_001_SRF_2_HR"])
    #expect(try read(4).map(\.low.shape) == [[3, 10, 12]])
    #expect(
      try message(3) == "no picture for scale 3 below \(folder.url.path); PNG or JPEG files would be right")
  }

  @Test func pathsDecideTheOrder() throws {
    for name in ["c.png", "a.png", "b/a.png"] { try write(name, Synthetic.picture(height: 20, width: 20)) }
    #expect(try read().map(\.name) == ["a", "a", "c"])
  }

  @Test func greyAndAlpha() throws {
    let grey = try Synthetic.picture(height: 24, width: 24).narrow(0, start: 0, length: 1)
    try write("1.png", grey)
    try write("2.png", .cat([grey, .full([1, 24, 24], 0.5)], axis: 0))
    let colour = try Synthetic.picture(height: 24, width: 24)
    try write("4.png", .cat([colour, .full([1, 24, 24], 0.5)], axis: 0))
    let pairs = try read()
    let threefold = try grey.repeatInterleave(3, axis: 0)
    for (pair, expected) in zip(pairs, [threefold, threefold, colour]) {
      #expect(try largestDifference(pair.high, expected) < 1e-6)
    }
  }

  @Test func sizesThatDoNotFit() throws {
    try write("a_HR.png", Synthetic.picture(height: 40, width: 32))
    try write("a_LR.png", Synthetic.picture(height: 19, width: 16))
    #expect(try message().contains("a_LR.png is 16×19, too small for a_HR.png at scale 2"))
    // The low picture of another scale.
    try write("a_LR.png", Synthetic.picture(height: 20, width: 16))
    #expect(try message(4).contains("a_LR.png is 16×20, too large for a_HR.png at scale 4"))
  }

  @Test func tooSmallToJudge() throws {
    try write("tiny.png", Synthetic.picture(height: 14, width: 40))
    #expect(try message().hasSuffix("tiny.png is too small to judge scale 2 by"))
  }

  @Test func emptyAndMissingFolders() throws {
    #expect(
      try message() == "no picture for scale 2 below \(folder.url.path); PNG or JPEG files would be right")
    let missing = folder.url.appendingPathComponent("missing")
    #expect(throws: TensorError.self) { try BenchmarkPairs.read(missing, scale: 2) }
  }
}
