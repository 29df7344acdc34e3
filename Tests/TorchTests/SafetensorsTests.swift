import Foundation
import Testing

@testable import Torch

@Suite struct SafetensorsTests {
  static let note = "é \"quoted\" \\ / \t \u{1} 😀"

  /// A file with the given header and so many bytes of data.
  static func file(_ header: String, dataSize: Int = 0) -> Data {
    file(Data(header.utf8), dataSize: dataSize)
  }

  static func file(_ header: Data, dataSize: Int = 0) -> Data {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + Data(count: dataSize)
  }

  @Test func readsWhatPythonWrote() throws {
    let file = try Safetensors(contentsOf: GoldenFiles.url("types.safetensors"))
    var expected = try GoldenFiles.arrays()
    expected["näme \"with\" \\ and \n"] = try HostArray([1, 2, 3] as [UInt8], shape: [3])
    #expect(file.tensors == expected)
    #expect(file.metadata == ["note": Self.note])
  }

  @Test func writesTheBytesThatPythonWrites() throws {
    let golden = try GoldenFiles.data("types.safetensors")
    #expect(try Safetensors(data: golden, name: "golden").encoded() == golden)
  }

  @Test func writesForPython() throws {
    let file = Safetensors(
      metadata: ["second": "text", "note": Self.note], tensors: try GoldenFiles.arrays())
    let data = try file.encoded()
    #expect(try Safetensors(data: data, name: "written") == file)
    #expect(data[0] % 8 == 0)
    if let folder = GoldenFiles.outputFolder {
      try data.write(to: folder.appendingPathComponent("written.safetensors"))
    }
  }

  @Test func anyDataSliceCanBeRead() throws {
    let golden = try GoldenFiles.data("types.safetensors")
    let slice = (Data([1, 2, 3]) + golden)[3...]
    #expect(try Safetensors(data: slice, name: "slice") == Safetensors(data: golden, name: "golden"))
  }

  @Test func anEmptyFileRoundTrips() throws {
    let data = try Safetensors().encoded()
    #expect(data == Self.file("{}      "))
    #expect(try Safetensors(data: data, name: "empty") == Safetensors())
  }

  @Test func pairsOfSurrogatesAndSpacesAreRead() throws {
    let header =
      #"{ "__metadata__" : { "a" : "\ud83d\uDE00\/\u00e9" } , "x" : {"shape":[ ],"data_offsets":[ 0 , 1 ],"dtype":"U8"}}"#
    let file = try Safetensors(data: Self.file(header + "\n \t", dataSize: 1), name: "spaces")
    #expect(file.metadata == ["a": "😀/é"])
    #expect(file.tensors["x"]?.shape == [])
  }

  @Test func theHeaderAloneCanBeRead() throws {
    let header = try Safetensors.readHeader(of: GoldenFiles.url("types.safetensors"))
    #expect(header.entries["float32"]?.shape == [2, 3])
    #expect(header.entries["scalar"]?.dtype == .float32)
    #expect(header.entries.count == 16)
    #expect(header.metadata == ["note": Self.note])
    #expect(header.names == header.names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
  }

  @Test func theHeaderOfAHugeFileIsReadAtOnce() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    let size = 1 << 40
    try Self.file(#"{"x":{"dtype":"U8","shape":[\#(size)],"data_offsets":[0,\#(size)]}}"#).write(to: url)
    let truncated = try formatError { _ = try Safetensors.readHeader(of: url) }
    #expect(truncated.contains("it ends at byte"))
    let file = try FileHandle(forWritingTo: url)
    let headerSize = try file.seekToEnd()
    try file.truncate(atOffset: headerSize + UInt64(size))
    try file.close()
    #expect(try Safetensors.readHeader(of: url).entries["x"]?.range == 0..<size)
  }

  @Test(arguments: [
    ("/nowhere/x.safetensors", "there is no such file"), ("/tmp", "a folder, device or pipe"),
    ("/dev/zero", "a folder, device or pipe"),
  ])
  func pathsWithoutAFileAreRefused(path: String, complaint: String) throws {
    let url = URL(fileURLWithPath: path)
    let message = try formatError { _ = try Safetensors(contentsOf: url) }
    #expect(message.hasPrefix("\(path): ") && message.contains(complaint))
    #expect(try formatError { _ = try NPY.array(contentsOf: url) }.contains(complaint))
  }

  @Test func theFormatsOwnNameIsNoTensor() throws {
    let file = Safetensors(tensors: ["__metadata__": try HostArray([1] as [UInt8], shape: [1])])
    _ = try formatError { _ = try file.encoded() }
  }

  static let good = #""dtype":"U8","shape":[4],"data_offsets":[0,4]"#

  @Test(arguments: [
    ("", 0, "begins with '{'"),
    ("[]", 0, "begins with '{'"),
    (" {}", 0, "begins with '{'"),
    ("{", 0, "broken at byte 1"),
    ("{}x", 0, "nothing but spaces"),
    ("{}{}", 0, "nothing but spaces"),
    (#"{"x"}"#, 0, "':'"),
    (#"{"x":4}"#, 0, "'{'"),
    (#"{"x":{},}"#, 0, "a field is missing"),
    (#"{"x":{\#(good)},}"#, 4, "expected '\"'"),
    (#"{"x":{\#(good)},"x":{\#(good)}}"#, 4, "'x' twice"),
    (#"{"x":{\#(good)},"\u0078":{\#(good)}}"#, 4, "'x' twice"),
    (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "twice"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, "'a' twice"),
    (#"{"__metadata__":{"a":1}}"#, 0, "metadata 'a': its value is no string"),
    (#"{"__metadata__":{"a":{"b":"c"}}}"#, 0, "its value is no string"),
    (#"{"__metadata__":{"a":null}}"#, 0, "its value is no string"),
    (#"{"__metadata__":[]}"#, 0, "'{'"),
    (#"{"x":{\#(good),"dtype":"U8"}}"#, 4, "'dtype' twice"),
    (#"{"x":{\#(good),"extra":1}}"#, 4, "unknown field 'extra'"),
    (#"{"x":{"dtype":"Q8","shape":[4],"data_offsets":[0,4]}}"#, 4, "unknown dtype 'Q8'"),
    (#"{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}}"#, 4, "expected 16 for shape [4] of F32"),
    (#"{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#, 4, "the first not above the second"),
    (#"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0]}}"#, 4, "two numbers"),
    (#"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4,8]}}"#, 4, "two numbers"),
    (#"{"x":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}"#, 4, "shape holds '-4'"),
    (#"{"x":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}"#, 4, "data_offsets holds '-4'"),
    (#"{"x":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}"#, 4, "shape holds '4.0'"),
    (#"{"x":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}"#, 4, "shape holds '4e0'"),
    (#"{"x":{"dtype":"U8","shape":[04],"data_offsets":[0,4]}}"#, 4, "shape holds '04'"),
    (#"{"x":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}"#, 4, "whole numbers"),
    (#"{"x":{"dtype":"U8","shape":[,],"data_offsets":[0,4]}}"#, 4, "whole numbers"),
    (#"{"x":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4]}}"#, 4, "whole numbers"),
    (#"{"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, "overflows"),
    (#"{"x":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "overflows"),
    (#"{"x":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#, 0, "it ends at byte 1"),
    (#"{"x":{\#(good)}}"#, 3, "at most the 3 bytes of data"),
    (#"{"x":{\#(good)}}"#, 5, "1 trailing bytes"),
    ("{}", 1, "1 trailing bytes"),
    (
      #"{"x":{\#(good)},"y":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, 6,
      "'y': it begins at byte 2, inside"
    ),
    (#"{"x":{\#(good)},"y":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 4, "inside another"),
    (#"{"x":{\#(good)},"y":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}"#, 6, "after a hole"),
    (#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, "after a hole"),
    (#"{"x\n\u202e":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, #"'x\u{a}\u{202e}'"#),
    ("{\"x\n\":{}}", 0, "no bare control character"),
    (#"{"x\q":{}}"#, 0, "an escape of JSON"),
    (#"{"\ud800":{}}"#, 0, "surrogates in pairs"),
    (#"{"\ud800\u0041":{}}"#, 0, "surrogates in pairs"),
    (#"{"\udc00\ud800":{}}"#, 0, "surrogates in pairs"),
    (#"{"\u12"#, 0, "four hexadecimal digits"),
    (#"{"\u+123":{}}"#, 0, "four hexadecimal digits"),
    (#"{"x\"#, 0, "an escape"),
    (#"{"x"#, 0, "at the end of a string"),
  ])
  func hostileHeadersAreRefused(header: String, dataSize: Int, complaint: String) throws {
    let message = try formatError {
      _ = try Safetensors(data: Self.file(header, dataSize: dataSize), name: "hostile")
    }
    #expect(message.contains(complaint))
    #expect(message.hasPrefix("hostile"))
    #expect(message.count < 400)
  }

  @Test(arguments: [
    (Data(), "0 bytes"), (Data(count: 7), "7 bytes"),
    (Data([3, 0, 0, 0, 0, 0, 0, 0]) + Data("{}".utf8), "claims 3 bytes; expected at most the 2"),
    (Data(repeating: 0xFF, count: 100), "claims 18446744073709551615 bytes"),
    (file(Data([0x7B, 0x22, 0xFF, 0x22, 0x7D])), "not UTF-8"),
  ])
  func hostileLengthsAreRefused(data: Data, complaint: String) throws {
    #expect(try formatError { _ = try Safetensors(data: data, name: "hostile") }.contains(complaint))
  }

  @Test func aDeeplyNestedHeaderIsRefused() throws {
    let header = String(repeating: #"{"x":"#, count: 100_000)
    let message = try formatError { _ = try Safetensors(data: Self.file(header), name: "hostile") }
    #expect(message == "hostile, tensor 'x': unknown field 'x'; expected dtype, shape and data_offsets")
  }

  @Test func aHeaderOfMoreThan100MBIsRefused() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try withUnsafeBytes(of: UInt64(100_000_001).littleEndian) { Data($0) }.write(to: url)
    let file = try FileHandle(forWritingTo: url)
    try file.truncate(atOffset: 200_000_000)
    try file.close()
    #expect(try formatError { _ = try Safetensors(contentsOf: url) }.contains("at most 100000000"))
  }

  @Test func noPrefixOfAFileIsAFile() throws {
    let golden = try GoldenFiles.data("types.safetensors")
    for length in 0..<golden.count {
      #expect(throws: FormatError.self) { try Safetensors(data: golden.prefix(length), name: "prefix") }
    }
  }

  @Test func noChangedByteOfTheHeaderTraps() throws {
    let golden = [UInt8](try GoldenFiles.data("types.safetensors"))
    let headerSize = 8 + Int(golden[0]) + Int(golden[1]) << 8
    let noise = KeyedNoise(seed: 1, sample: 0, step: 0)
    for (position, byte) in zip(0..<headerSize, noise.integers(below: 256, count: headerSize)) {
      var changed = golden
      changed[position] = UInt8(byte)
      do { _ = try Safetensors(data: Data(changed), name: "changed") } catch is FormatError {}
    }
  }
}
