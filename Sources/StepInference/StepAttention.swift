internal import Foundation

/// Attention among the tokens of one row, as `TokenAttention` has it between its two layers; without libtorch.
struct StepAttention: Sendable {
  let tokens: Int
  let heads: Int
  /// Of a head; whole vectors.
  let size: Int

  init(tokens: Int, heads: Int, size: Int) {
    precondition(size % 16 == 0, "heads of \(size) numbers")
    (self.tokens, self.heads, self.size) = (tokens, heads, size)
  }

  /// - Parameters:
  ///   - qkv: query, key and value of each token, `stride` floats apart.
  ///   - y: what each token gets, `yStride` floats apart.
  func callAsFunction(
    _ qkv: UnsafePointer<Float>, stride: Int, to y: UnsafeMutablePointer<Float>, stride yStride: Int
  ) {
    let width = heads * size
    let vectors = size / 16
    let factor = 1 / Float(size).squareRoot()
    func parts(_ address: UnsafePointer<Float>) -> UnsafePointer<SIMD16<Float>> {
      UnsafeRawPointer(address).assumingMemoryBound(to: SIMD16<Float>.self)
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tokens) { shares in
      for head in 0..<heads {
        for token in 0..<tokens {
          let query = parts(qkv + token * stride + head * size)
          var largest = -Float.infinity
          for other in 0..<tokens {
            let key = parts(qkv + other * stride + width + head * size)
            var products = SIMD16<Float>()
            for index in 0..<vectors { products += query[index] * key[index] }
            shares[other] = products.sum() * factor
            largest = max(largest, shares[other])
          }
          var total: Float = 0
          for other in 0..<tokens {
            shares[other] = exp(shares[other] - largest)
            total += shares[other]
          }
          let result = UnsafeMutableRawPointer(y + token * yStride + head * size)
            .assumingMemoryBound(to: SIMD16<Float>.self)
          for index in 0..<vectors {
            var sum = SIMD16<Float>()
            for other in 0..<tokens {
              sum += shares[other] * parts(qkv + other * stride + 2 * width + head * size)[index]
            }
            result[index] = sum / total
          }
        }
      }
    }
  }
}
