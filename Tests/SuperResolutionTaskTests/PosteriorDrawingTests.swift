import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// One field of noise over the whole picture, whatever the tiles and threads.
struct PosteriorDrawingTests {
  private func drawing(tileSide: Int = 384, fuses: Bool = true) throws -> PosteriorDrawing {
    try PosteriorDrawing(
      model: Synthetic.posterior(), mean: Upscaler(model: Synthetic.model(scale: 4), tileSide: tileSide),
      tileSide: tileSide, fuses: fuses)
  }

  private func draw(
    _ drawing: PosteriorDrawing, _ size: [Int] = [41, 37], index: Int = 0, workers: Int = 2
  ) throws -> Tensor {
    let low = try Synthetic.picture(height: size[0], width: size[1], seed: 3)
    return try ChunkRunner.single {
      try drawing(drawing.space(of: low, workers: workers), seed: 7, index: index, workers: workers)
    }
  }

  @Test(arguments: [[41, 37], [1, 1], [9, 60]]) func tilesEqualOnePass(_ size: [Int]) throws {
    let whole = try draw(drawing(), size)
    #expect(whole.shape == [3, size[0] * 4, size[1] * 4])
    for tileSide in [11, 16] {
      let tiled = try draw(drawing(tileSide: tileSide), size)
      #expect(try largestDifference(tiled, whole) < 1e-3)
    }
    #expect(try largestDifference(draw(drawing(tileSide: 16, fuses: false), size), whole) < 1e-3)
  }

  /// The test above would not notice a denoiser that looks at nothing beyond its own pixel.
  @Test func neighboursMatter() throws {
    let drawing = try drawing()
    let low = try Synthetic.picture(height: 20, width: 20, seed: 3)
    let other = try Tensor.cat(
      [low.narrow(2, start: 0, length: 12), low.narrow(2, start: 12, length: 8) * 0.5], axis: 2)
    let results = try ChunkRunner.single {
      try [low, other].map {
        try drawing(drawing.space(of: $0), seed: 7, index: 0) - drawing.space(of: $0).mean.squeezed(0)
      }
    }
    let left = try results.map { try $0.narrow(2, start: 28, length: 16) }
    #expect(try largestDifference(left[0], left[1]) > 1e-4)
  }

  @Test func sameBytesOnAnyNumberOfThreads() throws {
    let one = try draw(drawing(tileSide: 16), workers: 1).bytes()
    for workers in [2, 3] { #expect(try draw(drawing(tileSide: 16), workers: workers).bytes() == one) }
  }

  @Test func seedsAndIndicesDiffer() throws {
    let drawing = try drawing()
    #expect(try largestDifference(draw(drawing, index: 0), draw(drawing, index: 1)) > 1e-2)
  }

  @Test func tilesAreCounted() throws {
    let counts = try drawing(tileSide: 16).tileCounts(height: 40, width: 20)
    #expect(counts.draw == 6 * 3 && counts.mean == 6 + 6)
  }
}
