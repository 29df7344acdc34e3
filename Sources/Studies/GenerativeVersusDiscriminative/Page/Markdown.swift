internal import Foundation

/// Pieces of a page.
enum Markdown {
  /// - Parameter rows: the header first.
  static func table(_ rows: [[String]]) -> String {
    guard let header = rows.first else { return "" }
    let lines = [header, header.indices.map { $0 == 0 ? "---" : "---:" }] + rows.dropFirst()
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  /// `12.3 ± 0.4`, of shares as percent.
  static func percent(_ figure: (mean: Double, standardError: Double)?) -> String {
    guard let figure else { return "–" }
    return "\(number(figure.mean * 100, 1)) ± \(number(figure.standardError * 100, 1))"
  }

  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// 17 900 as `18,000`: two digits that mean something.
  static func rough(_ value: Double) -> String {
    guard value >= 10 else { return number(value, 1) }
    let unit = pow(10, floor(log10(value)) - 1)
    return grouped(Int((value / unit).rounded() * unit))
  }

  static func grouped(_ value: Int) -> String {
    let digits = Array("\(abs(value))")
    let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "none" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }
}
