extension Image {
  /// The picture turned upright by its EXIF orientation (1…8), and the tag in the kept EXIF set to 1.
  public func oriented() -> Image {
    let orientation = metadata.orientation
    guard orientation != 1 else { return self }
    var metadata = metadata
    if let data = metadata.exif, var exif = EXIF(data) {
      exif.setOrientation(1)
      metadata.exif = exif.data
    }
    let isTransposed = orientation >= 5
    if isTransposed, let density = metadata.pixelDensity {
      metadata.pixelDensity = ImageMetadata.PixelDensity(x: density.y, y: density.x)
    }
    let turned: Samples =
      switch samples {
      case .uint8(let values): .uint8(turn(values, orientation))
      case .uint16(let values): .uint16(turn(values, orientation))
      }
    return Image(
      width: isTransposed ? height : width, height: isTransposed ? width : height, channels: channels,
      samples: turned, metadata: metadata)
  }

  /// Steps through the stored picture so that the turned one is filled in order.
  private func turn<Sample>(_ values: [Sample], _ orientation: Int) -> [Sample] {
    let (right, down) = (channels.count, width * channels.count)
    let (lastColumn, lastRow) = ((width - 1) * right, (height - 1) * down)
    // Where the turned picture's first pixel is stored, and the stored steps along its rows and columns.
    let (start, alongRow, alongColumn) =
      switch orientation {
      case 2: (lastColumn, -right, down)
      case 3: (lastColumn + lastRow, -right, -down)
      case 4: (lastRow, right, -down)
      case 5: (0, down, right)
      case 6: (lastRow, -down, right)
      case 7: (lastColumn + lastRow, -down, -right)
      case 8: (lastColumn, down, -right)
      default: (0, right, down)
      }
    let (columns, rows) = orientation >= 5 ? (height, width) : (width, height)
    return [Sample](unsafeUninitializedCapacity: values.count) { turned, count in
      values.withUnsafeBufferPointer { stored in
        for y in 0..<rows {
          var from = start + y * alongColumn
          for _ in 0..<columns {
            for channel in 0..<right {
              turned.initializeElement(at: count, to: stored[from + channel])
              count += 1
            }
            from += alongRow
          }
        }
      }
    }
  }
}
