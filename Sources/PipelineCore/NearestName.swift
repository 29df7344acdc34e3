/// Finds the known name that was probably meant.
public enum NearestName {
  /// Names longer than this are compared by their beginnings only: the cost is quadratic.
  private static let comparedLength = 64

  /// Damerau–Levenshtein distance: insertions, deletions, substitutions and swaps of neighbours, where other
  /// edits may fall between the swapped letters.
  ///
  /// Source: Lowrance and Wagner, "An Extension of the String-to-String Correction Problem", 1975.
  public static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.prefix(comparedLength))
    let b = Array(b.prefix(comparedLength))
    let far = a.count + b.count
    // Row and column 0 hold `far`, so that a swap with a letter not seen yet is never chosen.
    var table = [[Int]](repeating: [Int](repeating: far, count: b.count + 2), count: a.count + 2)
    for i in 0...a.count { table[i + 1][1] = i }
    for j in 0...b.count { table[1][j + 1] = j }
    var lastRow: [Character: Int] = [:]
    for i in a.indices {
      var lastMatch = 0
      for j in b.indices {
        let swapRow = lastRow[b[j], default: 0]
        let swapColumn = lastMatch
        let same = a[i] == b[j]
        if same { lastMatch = j + 1 }
        table[i + 2][j + 2] = min(
          table[i + 1][j + 1] + (same ? 0 : 1),
          table[i + 2][j + 1] + 1,
          table[i + 1][j + 2] + 1,
          table[swapRow][swapColumn] + (i - swapRow) + 1 + (j - swapColumn))
      }
      lastRow[a[i]] = i + 1
    }
    return table[a.count + 1][b.count + 1]
  }

  /// The known name at the smallest distance, case aside; the first of equals in alphabetical order.
  ///
  /// A known name that begins with `name` counts as one edit away: `super` means `super-resolution`.
  public static func nearest(to name: String, among known: some Sequence<String>) -> String? {
    ranked(name, known)?.name
  }

  /// `unknown key 'modle'; did you mean 'model'?`, or, when nothing is near, the nearest all the same.
  ///
  /// - Parameter listing: also lists the known names.
  public static func unknown(
    _ noun: String, _ name: String, known: some Sequence<String>, listing: Bool = false
  ) -> String {
    let known = known.sorted()
    let quoted = name.count > comparedLength ? String(name.prefix(comparedLength)) + "…" : name
    var message = "unknown \(noun) '\(quoted)'"
    guard let (nearest, distance) = ranked(name, known) else { return message + "; none is known here" }
    message +=
      distance <= max(2, name.count / 3)
      ? "; did you mean '\(nearest)'?" : "; the nearest known one is '\(nearest)'"
    if listing { message += " (known: \(known.joined(separator: ", ")))" }
    return message
  }

  private static func ranked(_ name: String, _ known: some Sequence<String>) -> (name: String, distance: Int)?
  {
    let lowered = name.lowercased()
    return known.sorted().map { candidate -> (name: String, distance: Int) in
      let other = candidate.lowercased()
      let isBeginning = lowered.count >= 2 && other.hasPrefix(lowered)
      return (candidate, isBeginning ? min(1, distance(lowered, other)) : distance(lowered, other))
    }.min { $0.distance < $1.distance }
  }
}
