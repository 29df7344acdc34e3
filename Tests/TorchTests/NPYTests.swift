import Foundation
import Testing

@testable import Torch

@Suite struct NPYTests {
  static let cube = (0..<24).map(Float.init)

  static func file(_ header: String, version: UInt8 = 1, dataSize: Int = 0) -> Data {
    var length = withUnsafeBytes(of: UInt32(header.utf8.count).littleEndian) { Data($0) }
    if version == 1 { length = length.prefix(2) }
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0]) + length + Data(header.utf8)
      + Data(count: dataSize)
  }

  @Test func readsAndWritesThePythonBytes() throws {
    for (name, array) in try GoldenFiles.arrays() {
      let golden = try GoldenFiles.data("\(name).npy")
      #expect(try NPY.array(data: golden, name: name) == array)
      #expect(try NPY.encoded(array) == golden)
      if let folder = GoldenFiles.outputFolder {
        try NPY.encoded(array).write(to: folder.appendingPathComponent("\(name).npy"))
      }
    }
  }

  @Test(arguments: ["version2", "version3", "fortran"])
  func readsOtherVersionsAndOrders(name: String) throws {
    let array = try NPY.array(contentsOf: GoldenFiles.url("\(name).npy"))
    #expect(array == (try HostArray(Self.cube, shape: [2, 3, 4])))
  }

  @Test func anyDataSliceCanBeRead() throws {
    let golden = try GoldenFiles.data("line.npy")
    let array = try NPY.array(data: (Data([1, 2, 3]) + golden)[3...], name: "slice")
    #expect(try array.int64s() == [0, 1, 2, 3, 4])
  }

  @Test(arguments: [
    ("big_endian", "big-endian"), ("object", "Python objects"), ("structured", "a structured type"),
  ])
  func typesThatAreNotNumbersHereAreRefused(name: String, complaint: String) throws {
    #expect(
      try formatError { _ = try NPY.array(contentsOf: GoldenFiles.url("\(name).npy")) }.contains(complaint))
  }

  @Test func bfloat16CannotBeWritten() throws {
    let array = try HostArray(dtype: .bfloat16, shape: [1], bytes: Data(count: 2))
    #expect(try formatError { _ = try NPY.encoded(array) }.contains("NumPy has no bfloat16"))
  }

  @Test func quotesAndSpacesMayDiffer() throws {
    let header = " { \"shape\" : ( 2 , 1 ) , 'descr':\"<u2\",'fortran_order' : False } \n"
    #expect(try NPY.array(data: Self.file(header, dataSize: 4), name: "x").shape == [2, 1])
  }

  @Test(arguments: [
    ("", "expected '{'"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': 1}", "expected '('"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (9**99,)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "the shape is no tuple"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "overflows"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", "0 bytes of data"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + String(repeating: "1,", count: 65) + ")}",
      "at most 64"
    ),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "True or False"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').system('x')}", "expected '('"),
    ("__import__('os')", "expected '{'"),
    ("{'descr': '<c8', 'fortran_order': False, 'shape': ()}", "the type '<c8'"),
    ("{'descr': '<U5', 'fortran_order': False, 'shape': ()}", "the type '<U5'"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "once each"),
    ("{'descr': '<f4', 'fortran_order': False}", "a key is missing"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}", "the key 'more'"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': ()} + 1", "text after the dictionary"),
    ("{'descr': '<f4", "does not end"),
    ("{'descr'", "expected ':'"),
    ("{'descr': ", "a structured type"),
  ])
  func hostileHeadersAreRefused(header: String, complaint: String) throws {
    let message = try formatError { _ = try NPY.array(data: Self.file(header), name: "hostile") }
    #expect(message.contains(complaint))
    #expect(message.hasPrefix("hostile"))
    #expect(message.count < 400)
  }

  @Test func hostileLengthsAndVersionsAreRefused() throws {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
    _ = try NPY.array(data: Self.file(header, dataSize: 2), name: "good")
    let cases: [(Data, String)] = [
      (Data(), "does not begin like"), (Data("NUMPY".utf8), "does not begin like"),
      (Self.file(header, version: 4, dataSize: 2), "npy version 4.0"),
      (Self.file(header, version: 0, dataSize: 2), "npy version 0.0"),
      (Self.file(header, dataSize: 1), "1 bytes of data"),
      (Self.file(header, dataSize: 3), "3 bytes of data"),
      (Self.file(header).prefix(20), "it ends inside its header"),
      (
        Data([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255]), "its header claims 4294967295 bytes"
      ),
    ]
    for (data, complaint) in cases {
      #expect(try formatError { _ = try NPY.array(data: data, name: "hostile") }.contains(complaint))
    }
  }

  @Test func noPrefixOfAFileIsAFile() throws {
    let golden = try GoldenFiles.data("fortran.npy")
    for length in 0..<golden.count {
      #expect(throws: FormatError.self) { try NPY.array(data: golden.prefix(length), name: "prefix") }
    }
  }
}
