import Foundation
import Testing

@testable import Torch

/// Files that Python's own libraries wrote; `Golden/make_host_golden.py` makes them again.
enum GoldenFiles {
  static func url(_ name: String) throws -> URL {
    let file = URL(fileURLWithPath: name)
    return try #require(
      Bundle.module.url(
        forResource: file.deletingPathExtension().lastPathComponent, withExtension: file.pathExtension,
        subdirectory: "Golden"))
  }

  static func data(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

  /// The same arrays as the script's `arrays()`.
  static func arrays() throws -> [String: HostArray] {
    func integers<T: FixedWidthInteger>(_ type: T.Type) -> Data {
      [T.min, 0, 1, 2, 3, T.max].withUnsafeBytes { Data($0) }
    }
    func array(_ dtype: DType, _ bytes: Data) throws -> HostArray {
      try HostArray(dtype: dtype, shape: [2, 3], bytes: bytes)
    }
    let halves: [UInt16] = [0xFBFF, 0x8000, 0x0001, 0x3555, 0x7BFF, 0x7C00]
    let floats: [Float] = [
      -.greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude, 1 / 3, .greatestFiniteMagnitude, .infinity,
    ]
    let doubles: [Double] = [
      -.greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude, 1 / 3, .greatestFiniteMagnitude, .infinity,
    ]
    return [
      "bool": try HostArray([false, true, true, false, false, true], shape: [2, 3]),
      "uint8": try array(.uint8, integers(UInt8.self)),
      "int8": try array(.int8, integers(Int8.self)),
      "int16": try array(.int16, integers(Int16.self)),
      "uint16": try array(.uint16, integers(UInt16.self)),
      "float16": try array(.float16, halves.withUnsafeBytes { Data($0) }),
      "int32": try array(.int32, integers(Int32.self)),
      "uint32": try array(.uint32, integers(UInt32.self)),
      "float32": try HostArray(floats, shape: [2, 3]),
      "float64": try HostArray(doubles, shape: [2, 3]),
      "int64": try array(.int64, integers(Int64.self)),
      "uint64": try array(.uint64, integers(UInt64.self)),
      "scalar": try HostArray([-1.5] as [Float], shape: []),
      "empty": try HostArray([] as [Float], shape: [0, 4]),
      "line": try HostArray([0, 1, 2, 3, 4] as [Int64], shape: [5]),
    ]
  }

  /// Where Python is to look for what Swift writes (`make_host_golden.py check DIR`); nil in ordinary runs.
  static var outputFolder: URL? {
    ProcessInfo.processInfo.environment["PIPELINE_GOLDEN_OUT"].map { URL(fileURLWithPath: $0) }
  }
}

/// The message of the `FormatError` that `body` throws; fails the test when it throws none, or more than one line.
func formatError(_ body: () throws -> Void) throws -> String {
  let error = try #require(throws: FormatError.self, performing: body)
  let isOneLine = !error.description.contains(where: \.isNewline)
  #expect(isOneLine)
  #expect(error.description.contains("; expected "))
  return error.description
}
