public import Foundation

/// NumPy's `.npy` files: one array each.
///
/// Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1.0, 2.0 and 3.0. Arrays
/// in Fortran order are transposed into row-major order when read. What is written equals `numpy.save`'s bytes.
public enum NPY {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Longer headers belong to structured types only.
  static let headerLimit = 65535
  /// NumPy's own limit.
  static let rankLimit = 64

  /// - Parameter name: what to call the file in messages.
  /// - Throws: `FormatError` for a broken file; for big-endian, object, complex, text and structured types; and for
  ///   bytes after the array.
  public static func array(data: Data, name: String) throws -> HostArray {
    let (text, start) = try headerText(data, name)
    var scanner = NPYHeaderScanner(text: text, name: name)
    let header = try scanner.header()
    let size = try HostArray.byteCount(dtype: header.dtype, shape: header.shape, subject: name)
    let body = data.dropFirst(start)
    guard body.count == size else {
      throw FormatError(
        in: name,
        "\(body.count) bytes of data for shape \(FormatError.listed(header.shape)) of \(header.dtype)",
        expected: "\(size)")
    }
    let bytes =
      header.isFortranOrder ? rowMajor(body, shape: header.shape, elementSize: header.dtype.size) : body
    do {
      return try HostArray(dtype: header.dtype, shape: header.shape, bytes: bytes)
    } catch let error as FormatError {
      throw FormatError(error, within: name)
    }
  }

  /// - Throws: `FormatError` for a broken file, or one that cannot be read.
  public static func array(contentsOf url: URL) throws -> HostArray {
    let kind = "an npy file"
    try RegularFile.check(url, expected: kind)
    let data: Data
    do { data = try Data(contentsOf: url) } catch { throw RegularFile.unreadable(url, expected: kind) }
    return try array(data: data, name: url.lastPathComponent)
  }

  /// The file's bytes.
  /// - Throws: `FormatError` for bfloat16, which NumPy does not know, and for more than 64 dimensions.
  public static func encoded(_ array: HostArray) throws -> Data {
    guard let description = array.dtype.numpyDescription else {
      throw FormatError(in: "npy", "NumPy has no \(array.dtype)", expected: "float32, or a safetensors file")
    }
    guard array.shape.count <= rankLimit else {
      throw FormatError(in: "npy", "\(array.shape.count) dimensions", expected: "at most \(rankLimit)")
    }
    let dimensions = array.shape.map(String.init)
    let shape = dimensions.count == 1 ? "(\(dimensions[0]),)" : "(\(dimensions.joined(separator: ", ")))"
    var header = "{'descr': '\(description)', 'fortran_order': False, 'shape': \(shape), }"
    // NumPy leaves room so that the first dimension can grow in place to 21 digits.
    if let first = dimensions.first { header += String(repeating: " ", count: 21 - first.count) }
    let unpadded = magic.count + 4 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    var data = Data(magic + [1, 0])
    withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + array.bytes
  }

  /// The header's text and where the data begin.
  private static func headerText(_ data: Data, _ name: String) throws -> (text: [UInt8], start: Int) {
    let head = [UInt8](data.prefix(12))
    guard head.starts(with: magic), head.count >= 10 else {
      throw FormatError(in: name, "it does not begin like an npy file", expected: "\\x93NUMPY and a version")
    }
    guard (1...3).contains(head[6]), head[7] == 0 else {
      throw FormatError(in: name, "npy version \(head[6]).\(head[7])", expected: "1.0, 2.0 or 3.0")
    }
    let width = head[6] == 1 ? 2 : 4
    let length = head.dropFirst(8).prefix(width).reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + width + length
    guard length <= headerLimit else {
      throw FormatError(in: name, "its header claims \(length) bytes", expected: "at most \(headerLimit)")
    }
    guard start <= data.count else {
      throw FormatError(in: name, "it ends inside its header", expected: "\(length) bytes of header")
    }
    return ([UInt8](data.dropFirst(8 + width).prefix(length)), start)
  }

  /// Elements whose first index runs fastest, put into the order in which the last does.
  private static func rowMajor(_ data: Data, shape: [Int], elementSize: Int) -> Data {
    guard shape.count > 1, !data.isEmpty else { return data }
    let source = [UInt8](data)
    var strides = [Int](repeating: elementSize, count: shape.count)
    for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    var result = [UInt8]()
    result.reserveCapacity(source.count)
    while result.count < source.count {
      result.append(contentsOf: source[offset..<offset + elementSize])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return Data(result)
  }
}
