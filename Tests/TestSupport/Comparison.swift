public import Foundation
public import Torch

/// The largest absolute difference of two tensors of any numeric type; infinite when shapes differ, and NaN (which
/// fails every comparison) when either holds one.
public func largestDifference(_ a: Tensor, _ b: Tensor) throws -> Double {
  guard a.shape == b.shape else { return .infinity }
  guard a.count > 0 else { return 0 }
  return try (a.to(.float64) - b.to(.float64)).abs().maximum().scalar()
}

extension Tensor {
  /// The elements' bytes, for comparisons that forgive nothing.
  public func bytes() throws -> Data { try hostArray().bytes }

  /// Normal values that depend on `seed` alone.
  public static func noise(_ shape: [Int], seed: UInt64 = 0) throws -> Tensor {
    let values = KeyedNoise(seed: seed, sample: 0, step: 0, stream: "tests").normal(count: shape.reduce(1, *))
    return try Tensor(values, shape: shape)
  }

  /// Uniform values over 0…1 that depend on `seed` alone.
  public static func uniform(_ shape: [Int], seed: UInt64 = 0) throws -> Tensor {
    let values = KeyedNoise(seed: seed, sample: 0, step: 0, stream: "tests").uniform(
      count: shape.reduce(1, *))
    return try Tensor(values, shape: shape)
  }
}

/// A folder that vanishes with its owner.
public final class TemporaryFolder: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("pipeline-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
