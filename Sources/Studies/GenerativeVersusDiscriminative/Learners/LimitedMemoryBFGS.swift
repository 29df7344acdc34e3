internal import Torch

/// Minimises a smooth convex function by limited-memory BFGS with a backtracking line search (Nocedal & Wright 2006,
/// "Numerical optimization", algorithms 7.4 and 7.5, equation 3.4).
struct LimitedMemoryBFGS: Sendable {
  /// Pairs of steps and changes of the gradient that are remembered.
  var memory = 10
  var iterations = 200
  /// It ends when no element of the gradient is larger.
  var tolerance = 1e-4

  typealias Function = (_ x: Tensor) throws -> (value: Double, gradient: Tensor)

  func minimum(from start: Tensor, of function: Function) throws -> Tensor {
    var x = start
    var (value, gradient) = try function(x)
    var pairs: [(step: Tensor, change: Tensor, curvature: Double)] = []
    for _ in 0..<iterations {
      guard try gradient.abs().maximum().scalar() > tolerance else { break }
      let direction = try -product(gradient, pairs)
      let slope = try dot(direction, gradient)
      // Newton-like steps have length 1; the first knows no scale.
      var length = try pairs.isEmpty ? min(1, 1 / gradient.abs().sum().scalar()) : 1
      var next = x
      var (nextValue, nextGradient) = (value, gradient)
      for _ in 0..<40 {
        next = try x + direction * length
        (nextValue, nextGradient) = try function(next)
        if nextValue <= value + 1e-4 * length * slope { break }
        length /= 2
      }
      // Rounding ends what can be gained.
      guard nextValue < value else { break }
      let (step, change) = (try next - x, try nextGradient - gradient)
      let curvature = try dot(step, change)
      if curvature > 0 {
        pairs.append((step, change, curvature))
        if pairs.count > memory { pairs.removeFirst() }
      }
      (x, value, gradient) = (next, nextValue, nextGradient)
    }
    return x
  }

  /// The inverse Hessian, as far as it is remembered, times the gradient.
  private func product(_ gradient: Tensor, _ pairs: [(step: Tensor, change: Tensor, curvature: Double)])
    throws -> Tensor
  {
    var result = gradient
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = try dot(pair.step, result) / pair.curvature
      shares.append(share)
      result = try result - pair.change * share
    }
    if let last = pairs.last {
      result = try result * (last.curvature / dot(last.change, last.change))
    }
    for (pair, share) in zip(pairs, shares.reversed()) {
      result = try result + pair.step * (share - dot(pair.change, result) / pair.curvature)
    }
    return result
  }

  private func dot(_ a: Tensor, _ b: Tensor) throws -> Double { try (a * b).sum().scalar() }
}
