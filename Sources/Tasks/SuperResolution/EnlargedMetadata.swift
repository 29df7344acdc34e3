internal import MediaIO

extension ImageMetadata {
  /// Of the same picture `scale` times as wide and high: the same size on paper, as far as PNG can say it.
  func enlarged(by scale: Double) -> ImageMetadata {
    var metadata = self
    metadata.pixelDensity = pixelDensity.flatMap { density in
      let sides = [density.x, density.y].map { (Double($0) * scale).rounded() }
      guard sides.allSatisfy({ $0 >= 1 && $0 <= Double(Int32.max) }) else { return nil }
      return .init(x: Int(sides[0]), y: Int(sides[1]))
    }
    return metadata
  }
}
