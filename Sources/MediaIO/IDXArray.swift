public import Foundation

/// An IDX file, the format of MNIST: bytes in an array of one or more axes
/// (<http://yann.lecun.com/exdb/mnist>, "The IDX file format").
public struct IDXArray: Sendable, Equatable {
  /// Sizes of the axes, the slowest first: `[count, height, width]` for pictures, `[count]` for labels.
  public let shape: [Int]
  /// Row-major.
  public let values: [UInt8]

  /// Reads a file, gzipped or not.
  /// - Throws: ``MediaError`` for anything but a whole IDX file of unsigned bytes.
  public init(contentsOf url: URL) throws {
    try self.init(data: FileBytes.read(url), name: url.path)
  }

  /// - Parameter name: of the file, for errors.
  public init(data: Data, name: String) throws {
    let data = Gzip.isGzip(data) ? try Gzip.decompressed(data, name: name) : data
    let bytes = [UInt8](data)
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, (1...4).contains(bytes[3]) else {
      throw MediaError(
        "not an IDX file", file: name, remedy: "files such as train-images-idx3-ubyte are read")
    }
    guard bytes[2] == 8 else {
      throw MediaError(
        "an IDX file of type 0x\(String(bytes[2], radix: 16))", file: name,
        remedy: "unsigned bytes (0x8) are read")
    }
    let axes = Int(bytes[3])
    let start = 4 + 4 * axes
    guard bytes.count >= start else { throw MediaError("the IDX file is cut short", file: name) }
    let shape = (0..<axes).map { axis in
      bytes[4 + 4 * axis..<8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) }
    }
    // Four sides below 2^32 may overflow.
    let count = shape.reduce(1 as Int?) { product, side in
      guard let (result, overflow) = product.map({ $0.multipliedReportingOverflow(by: side) }), !overflow
      else { return nil }
      return result
    }
    guard let count, bytes.count - start == count else {
      throw MediaError(
        "\(bytes.count - start) bytes where its header says \(shape.map(String.init).joined(separator: "×"))",
        file: name, remedy: "a complete file is needed")
    }
    self.shape = shape
    values = Array(bytes[start...])
  }
}
