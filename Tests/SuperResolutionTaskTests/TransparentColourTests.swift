import Testing
import Torch

@testable import SuperResolutionTask

/// What lies under full transparency does not reach the visible picture.
struct TransparentColourTests {
  @Test func hiddenColoursDoNotCount() throws {
    let alpha = try Tensor((0..<64).map { Float($0 % 8 >= 4 ? 1 : 0) }, shape: [1, 8, 8])
    let visible = try Tensor([Float](repeating: 0.75, count: 192), shape: [3, 8, 8])
    for hidden in [0.0, 1.0] {
      let colour = try visible * alpha + (1 - hidden) * (try alpha * -1 + 1)
      let filled = try TransparentColour.filled(colour, alpha: alpha, radius: 8)
      #expect(try filled.floats().allSatisfy { abs($0 - 0.75) < 1e-6 })
    }
  }

  @Test func reachesAsFarAsTheRadius() throws {
    var values = [Float](repeating: 0, count: 9)
    values[0] = 1
    let alpha = try Tensor(values, shape: [1, 1, 9])
    let colour = try Tensor([Float](repeating: 0.5, count: 9), shape: [1, 1, 9])
    let filled = try TransparentColour.filled(colour, alpha: alpha, radius: 3).floats()
    #expect(filled == [0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0])
  }

  @Test func opaquePicturesStayAsTheyAre() throws {
    let colour = try Tensor((0..<12).map { Float($0) / 12 }, shape: [3, 2, 2])
    let alpha = try Tensor.full([1, 2, 2], 0.01)
    #expect(try TransparentColour.filled(colour, alpha: alpha, radius: 2).floats() == colour.floats())
  }
}
