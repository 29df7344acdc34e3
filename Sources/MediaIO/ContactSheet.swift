extension Image {
  /// Pictures of one kind side by side, row by row, with white between them.
  /// - Parameters:
  ///   - columns: nil for about as many as rows.
  ///   - gap: pixels between neighbours.
  /// - Returns: the picture itself if it is the only one; no metadata otherwise.
  /// - Precondition: there is one, and all have the same size, channels and depth.
  public static func contactSheet(_ pictures: [Image], columns: Int? = nil, gap: Int = 2) -> Image {
    let first = pictures[0]
    guard pictures.count > 1 else { return first }
    precondition(
      pictures.allSatisfy {
        $0.width == first.width && $0.height == first.height && $0.channels == first.channels
          && $0.bitDepth == first.bitDepth
      }, "a contact sheet's pictures are alike")
    let across = min(pictures.count, columns ?? Int(Double(pictures.count).squareRoot().rounded(.up)))
    let down = (pictures.count + across - 1) / across
    let width = across * (first.width + gap) - gap
    let height = down * (first.height + gap) - gap
    func laid<Value: FixedWidthInteger>(_ values: (Image) -> [Value]) -> [Value] {
      var sheet = [Value](repeating: .max, count: width * height * first.channels.count)
      let line = first.width * first.channels.count
      for (index, picture) in pictures.enumerated() {
        let source = values(picture)
        let (x, y) = (index % across * (first.width + gap), index / across * (first.height + gap))
        for row in 0..<first.height {
          let target = ((y + row) * width + x) * first.channels.count
          sheet.replaceSubrange(target..<target + line, with: source[row * line..<(row + 1) * line])
        }
      }
      return sheet
    }
    let samples: Samples =
      switch first.samples {
      case .uint8: .uint8(laid { if case .uint8(let values) = $0.samples { values } else { [] } })
      case .uint16: .uint16(laid { if case .uint16(let values) = $0.samples { values } else { [] } })
      }
    return Image(width: width, height: height, channels: first.channels, samples: samples)
  }
}
