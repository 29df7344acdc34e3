internal import Foundation
public import Torch

/// Turns the pairs (i, i + size / 2) of queries and keys by an angle that grows with their place, so that a score depends on
/// how far two places are apart (Su et al. 2021, "RoFormer", equation 34).
public struct RotaryPositions: Sendable {
  /// Of a head; even.
  public let size: Int
  /// Places that there are angles for.
  public let length: Int
  /// Of place p and pair i, at `p * size / 2 + i`.
  public let cosines: [Float]
  public let sines: [Float]

  public init(size: Int, length: Int) {
    precondition(size % 2 == 0, "heads of \(size) numbers")
    (self.size, self.length) = (size, length)
    let angles = (0..<length).flatMap { place in
      (0..<size / 2).map { pair in Double(place) * pow(10_000, -2 * Double(pair) / Double(size)) }
    }
    cosines = angles.map { Float(cos($0)) }
    sines = angles.map { Float(sin($0)) }
  }

  /// The first `length` places, `[length, size]` each: cosines, and sines of which the first half is negative, so that what
  /// is turned is x · cosines + swapped(x) · sines.
  func tables(length: Int) throws -> (cosines: Tensor, sines: Tensor) {
    let shape = [length, size / 2]
    let count = length * size / 2
    let (c, s) = (
      try Tensor(Array(cosines.prefix(count)), shape: shape),
      try Tensor(Array(sines.prefix(count)), shape: shape)
    )
    return (try Tensor.cat([c, c], axis: 1), try Tensor.cat([-s, s], axis: 1))
  }
}
