public import Foundation

/// A picture's rows from the top, some at a time; a PNG file larger than memory is never held as a whole.
///
/// JPEG files, interlaced ones, and those that EXIF says to turn are decoded at once.
public final class ImageRowSource {
  public let width: Int
  public let height: Int
  public let channels: Image.Channels
  public let bitDepth: Int
  /// All of it, chunks after the samples included.
  public let metadata: ImageMetadata
  /// Why the whole picture is held in memory; nil where it is read row by row.
  public private(set) var reasonHeldWhole: String?
  private var whole: Image?
  private var reader: PNGReader?
  /// Rows from `firstHeld` on that were read and may be asked for again.
  private var held: Image.Samples
  private var firstHeld = 0
  private var heldEnd = 0

  /// Reads the whole file once, so that damage is found before any work is done.
  /// - Throws: `MediaError` for a file that is missing, damaged, or of no known kind.
  public init(contentsOf file: URL) throws {
    let streams = try Self.streamed(file)
    if let (header, metadata) = streams {
      (width, height) = (header.width, header.height)
      (channels, bitDepth) = (header.channels, header.bitDepth)
      self.metadata = metadata
      reader = try PNGReader(contentsOf: file)
      held = bitDepth == 16 ? .uint16([]) : .uint8([])
    } else {
      let data = try FileBytes.read(file)
      let format = try ImageFormat(sniffing: data, name: file.path)
      let image = try Image(decoding: data, name: file.path).oriented()
      (width, height) = (image.width, image.height)
      (channels, bitDepth) = (image.channels, image.bitDepth)
      metadata = image.metadata
      whole = image
      held = .uint8([])
      reasonHeldWhole =
        format == .jpeg ? "a JPEG file" : "interlaced, or turned by its EXIF orientation"
    }
  }

  /// The header and metadata of a PNG file that can be read row by row; nil for other files.
  private static func streamed(_ file: URL) throws -> (PNGHeader, ImageMetadata)? {
    guard let reader = try PNGReader(ifPNG: file) else { return nil }
    guard !reader.header.isInterlaced else { return nil }
    try reader.readToEnd()
    guard reader.metadata.orientation == 1 else { return nil }
    return (reader.header, reader.metadata)
  }

  /// The rows `range` as a picture; ranges must begin no earlier than the one before did.
  /// - Throws: `MediaError` when the file cannot be read on.
  /// - Precondition: `range` is not empty, lies in 0 ..< height, and does not go back.
  public func rows(_ range: Range<Int>) throws -> Image {
    if let whole { return whole.rows(range) }
    precondition(
      range.lowerBound >= firstHeld && range.upperBound <= height, "rows must be asked for in order")
    let rowSamples = width * channels.count
    let dropped = min(range.lowerBound, heldEnd) - firstHeld
    held.removeFirst(dropped * rowSamples)
    firstHeld += dropped
    while heldEnd < range.upperBound, let reader {
      let samples = try reader.readRows(range.upperBound - heldEnd)
      let before = heldEnd
      heldEnd = reader.rowsRead
      guard heldEnd > before else { throw MediaError("the file ends early") }
      held.append(samples)
    }
    let image = Image(
      width: width, height: heldEnd - firstHeld, channels: channels, samples: held, metadata: metadata)
    return image.rows(range.lowerBound - firstHeld..<range.upperBound - firstHeld)
  }
}
