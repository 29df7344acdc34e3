/// The area under the receiver operating characteristic: the probability that a positive's score is above a
/// negative's, ties counted half (Mann & Whitney 1947).
/// - Precondition: neither list is empty.
public func areaUnderROC(positives: [Double], negatives: [Double]) -> Double {
  precondition(!positives.isEmpty && !negatives.isEmpty, "both lists need a score")
  let all = (positives.map { ($0, true) } + negatives.map { ($0, false) }).sorted { $0.0 < $1.0 }
  var sum = 0.0
  var index = 0
  while index < all.count {
    var end = index
    while end < all.count, all[end].0 == all[index].0 { end += 1 }
    // Equal scores share the mean of their ranks.
    let rank = Double(index + end + 1) / 2
    sum += rank * Double(all[index..<end].count { $0.1 })
    index = end
  }
  let (p, n) = (Double(positives.count), Double(negatives.count))
  return (sum - p * (p + 1) / 2) / (p * n)
}

/// The mean of `values` and its standard error.
public func meanWithError(_ values: [Double]) -> (mean: Double, standardError: Double) {
  let count = Double(values.count)
  let mean = values.reduce(0, +) / count
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
  return (mean, (variance / count).squareRoot())
}
