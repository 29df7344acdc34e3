internal import Torch

/// A weight as bytes: each value is its byte times the scale of its row, a row being all that one index of the first
/// axis has.
///
/// Products are rounded to float16 by definition, so that what is packed or stored as halves loses nothing more.
struct ByteRows {
  /// int8, of the weight's shape.
  let bytes: Tensor
  /// float16 `[rows]`.
  let scales: Tensor

  /// Whether a weight is large enough for its rows' scales to weigh little.
  static func suit(_ shape: [Int]) -> Bool {
    let count = shape.reduce(1, *)
    return shape.count >= 2 && count >= 4096 && count / shape[0] >= 64
  }

  init(bytes: Tensor, scales: Tensor) {
    self.bytes = bytes
    self.scales = scales
  }

  /// The scales with the least squared error, among those that take each row's largest value to 127 or cut it off by
  /// one or two hundredths.
  init(nearest weight: Tensor) throws {
    self = try Self.best(weight, steps: stride(from: 1, through: -24, by: -1))
  }

  /// - Returns: nil where bytes would change a value.
  init?(exactly weight: Tensor) throws {
    // The largest value is a rounded product, and its byte may be 126: the scale is at most two places from where that
    // value takes it.
    self = try Self.best(weight, steps: stride(from: 2, through: -1, by: -1))
    guard try (values - weight.to(device: .cpu)).abs().maximum().scalar() == 0 else { return nil }
  }

  /// The weight, float32.
  var values: Tensor {
    get throws { try Self.products(bytes, Self.column(scales.to(.float32), bytes.shape)) }
  }

  /// The best of each row's candidates.
  /// - Parameter steps: the candidates, in places of float16 from the scale that takes the largest value to 127.
  private static func best(_ weight: Tensor, steps: StrideThrough<Int>) throws -> ByteRows {
    let weight = try weight.to(device: .cpu).to(.float32).contiguous()
    let count = weight.shape[0]
    let all = try weight.floats()
    let row = all.count / count
    let largest = (0..<count).map { index in
      all[index * row..<(index + 1) * row].reduce(0) { max($0, abs($1)) }
    }
    let first = largest.map { Int(Float16($0 / 127).bitPattern) }
    var scales = [Float](repeating: 0, count: count)
    var errors = [Float](repeating: .infinity, count: count)
    let axes = Array(1..<weight.shape.count)
    for step in steps {
      let candidates = first.map { Float(Float16(bitPattern: UInt16(max(1, $0 + step)))) }
      let column = try column(Tensor(candidates, shape: [count]), weight.shape)
      let found = try products(quotients(weight, column), column)
      let squared = try (found - weight).squared().sum(axes).floats()
      for index in 0..<count where squared[index] < errors[index] {
        (scales[index], errors[index]) = (candidates[index], squared[index])
      }
    }
    let chosen = try Tensor(scales, shape: [count])
    let bytes = try quotients(weight, column(chosen, weight.shape)).to(.int8)
    return ByteRows(bytes: bytes, scales: try chosen.to(.float16))
  }

  private static func column(_ scales: Tensor, _ shape: [Int]) throws -> Tensor {
    try scales.reshaped(scales.shape + shape.dropFirst().map { _ in 1 })
  }

  private static func quotients(_ weight: Tensor, _ column: Tensor) throws -> Tensor {
    try (weight / column).rounded().clamped(-127, 127)
  }

  private static func products(_ bytes: Tensor, _ column: Tensor) throws -> Tensor {
    try (bytes.to(.float32) * column).to(.float16).to(.float32)
  }
}
