import Testing
import Torch

@testable import SuperResolutionTask

/// The eight symmetries of the square, each undone by its inverse.
struct SquareSymmetryTests {
  @Test func eightDifferentOnesWithInverses() throws {
    let picture = try Tensor((0..<6).map(Float.init), shape: [1, 2, 3])
    var seen: Set<[Float]> = []
    for symmetry in SquareSymmetry.all {
      let turned = try symmetry(picture)
      #expect(turned.shape == (symmetry.code & 4 == 0 ? [1, 2, 3] : [1, 3, 2]))
      #expect(try symmetry.inverse(turned).floats() == picture.floats())
      seen.insert(try turned.floats() + [Float(turned.shape[1])])
    }
    #expect(seen.count == 8)
  }

  /// `x[::-1, :].T` in NumPy for rows mirrored, then exchanged.
  @Test func orderOfOperations() throws {
    let picture = try Tensor((0..<4).map(Float.init), shape: [1, 2, 2])
    #expect(try SquareSymmetry(code: 5)(picture).floats() == [2, 0, 3, 1])
  }
}
