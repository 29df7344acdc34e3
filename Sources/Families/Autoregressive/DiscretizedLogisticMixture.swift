internal import Foundation
public import Torch

/// A mixture of logistic distributions over the levels 0…255: level v has the probability of v − ½ … v + ½, and the
/// ends take what lies beyond them (Salimans et al. 2017, "PixelCNN++", section 2.1).
///
/// Its parameters are, for M components, M logits, M means over −1…1, and M log scales, in this order.
public enum DiscretizedLogisticMixture {
  private static let maximum = Operator("aten::maximum")

  /// Log scales are held within these; e^−7 is a ninth of a level.
  public static let leastLogScale = -7.0
  public static let greatestLogScale = 20.0

  /// - Parameters:
  ///   - levels: `[N, 1, …]`, whole numbers 0…255.
  ///   - parameters: `[N, 3 M, …]`.
  /// - Returns: log probabilities in nats, `[N, …]`.
  public static func logProbability(_ levels: Tensor, _ parameters: Tensor) throws -> Tensor {
    let m = parameters.shape[1] / 3
    let weights = try parameters.narrow(1, start: 0, length: m).logSoftmax(1)
    let means = try parameters.narrow(1, start: m, length: m)
    let logScales = try parameters.narrow(1, start: 2 * m, length: m).clamped(
      leastLogScale, greatestLogScale)
    let precision = try (-logScales).exp()
    let centred = try levels / 127.5 - 1 - means
    let above = try (centred + 1 / 255) * precision
    let below = try (centred - 1 / 255) * precision
    // log(σ(a) − σ(b)) = log σ(a) + log σ(−b) + log(1 − e^(b − a)), without cancellation.
    let width = try precision * (2 / 255)
    let upper = try -(-above).softplus()
    let lower = try -below.softplus()
    let inside = try upper + lower + logOneMinusExp(width)
    let isFirst = try 1 - levels.clamped(0, 1)
    let isLast = try (levels - 254).clamped(0, 1)
    let each = try upper.selected(where: isFirst, else: lower.selected(where: isLast, else: inside))
    return try (each + weights).logSumExp(1)
  }

  /// log(1 − e^−w) for w > 0.
  private static func logOneMinusExp(_ width: Tensor) throws -> Tensor {
    // 1 − e^−w by expm1 keeps the digits of small w.
    try (-expMinusOne([.tensor(-width)])).log()
  }
  private static let expMinusOne = Operator("aten::expm1")

  /// A level for each pixel: the component whose share `uniforms[0]` falls into, and its quantile at `uniforms[1]`.
  /// - Parameters:
  ///   - parameters: of one pixel, `3 M` numbers.
  ///   - uniforms: two numbers over 0…1.
  public static func draw(_ parameters: UnsafeBufferPointer<Float>, _ uniforms: (Float, Float)) -> Int {
    let m = parameters.count / 3
    var most = -Float.infinity
    for index in 0..<m { most = max(most, parameters[index]) }
    var total: Float = 0
    for index in 0..<m { total += exp(parameters[index] - most) }
    var left = uniforms.0 * total
    var chosen = m - 1
    for index in 0..<m {
      left -= exp(parameters[index] - most)
      if left < 0 {
        chosen = index
        break
      }
    }
    let logScale = parameters[2 * m + chosen]
    let scale = exp(min(max(logScale, Float(leastLogScale)), Float(greatestLogScale)))
    let u = min(max(uniforms.1, 1e-6), 1 - 1e-6)
    let value = parameters[m + chosen] + scale * (log(u) - log(1 - u))
    return Int(min(255, max(0, ((value + 1) * 127.5).rounded())))
  }

  /// The same as the tensors' `logProbability`, of one pixel.
  public static func logProbability(_ level: Int, _ parameters: UnsafeBufferPointer<Float>) -> Double {
    let m = parameters.count / 3
    func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    let u = Double(level) / 127.5 - 1
    var (most, total, all) = (-Double.infinity, -Double.infinity, -Double.infinity)
    for index in 0..<m { most = max(most, Double(parameters[index])) }
    for index in 0..<m {
      let weight = Double(parameters[index])
      let scale = min(max(Double(parameters[2 * m + index]), leastLogScale), greatestLogScale)
      let precision = exp(-scale)
      let centred = u - Double(parameters[m + index])
      let upper = -softplus(-(centred + 1 / 255) * precision)
      let lower = -softplus((centred - 1 / 255) * precision)
      let each =
        level == 0 ? upper : level == 255 ? lower : upper + lower + log(-expm1(-precision * 2 / 255))
      total = Self.logAdd(total, weight + each)
      all = Self.logAdd(all, weight)
    }
    return total - all
  }

  private static func logAdd(_ a: Double, _ b: Double) -> Double {
    let most = max(a, b)
    return most == -.infinity ? most : most + log1p(exp(min(a, b) - most))
  }
}
