internal import Conditioners
internal import Families
internal import PipelineCore
internal import Torch

/// Windows of texts as training takes them.
struct TextWindows: Sendable {
  let texts: Texts
  /// Bytes of a window.
  let length: Int
  /// Of the windows of each style.
  let shares: [Double]
  /// Places where a line begins, of each text.
  private let lines: [[Int]]

  /// Of the windows that are moved on to where the next line begins, so that texts can begin.
  private static let begunShare: Float = 0.25

  /// - Throws: `PipelineError` of kind `.data` for a text that is shorter than a window.
  init(_ texts: Texts, length: Int, shares: [Double]) throws {
    (self.texts, self.length, self.shares) = (texts, length, shares)
    for (index, style) in texts.styles.enumerated() where texts[index].count <= length {
      throw PipelineError.data("the text '\(style)' is shorter than a window of \(length) bytes")
    }
    lines = texts.styles.indices.map { style in
      let text = texts[style]
      return text.indices.filter {
        $0 + length <= text.count && ($0 == 0 || text[$0 - 1] == UInt8(ascii: "\n"))
      }
    }
  }

  /// A window for each row of `noise`: `int64 [N, 1 + length]` for `ByteFamily`, and the style of each.
  /// - Parameter style: of all of them; drawn by the shares unless given.
  func batch(_ noise: BatchNoise, style wanted: Int? = nil) throws -> (x: Tensor, given: Conditioning) {
    var (tokens, styles): ([Int64], [Int]) = ([], [])
    for row in noise.samples.indices {
      let style = wanted ?? noise.row(row, stream: "style").category(shares)
      let text = texts[style]
      var place = noise.row(row, stream: "place").integers(below: text.count - length + 1, count: 1)[0]
      if noise.row(row, stream: "line").uniform(count: 1)[0] < Self.begunShare {
        place = lines[style][firstLine(from: place, style)]
      }
      let isLine = place == 0 || text[place - 1] == UInt8(ascii: "\n")
      tokens.append(Int64((isLine ? ByteFamily.Start.text : .middle).rawValue))
      tokens += text[place..<place + length].map(Int64.init)
      styles.append(style)
    }
    return (
      try Tensor(tokens, shape: [noise.samples.count, 1 + length]),
      try ClassConditioner(classes: texts.styles)(styles)
    )
  }

  /// The first line that begins at `place` or later, or the last one that does.
  private func firstLine(from place: Int, _ style: Int) -> Int {
    let lines = lines[style]
    var (low, high) = (0, lines.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if lines[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
