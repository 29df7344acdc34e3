import Foundation
import MediaIO
import Testing
import Torch

@testable import PipelineCore

struct PipeTests {
  @Test(arguments: [false, true]) func imagesRoundTrip(deep: Bool) throws {
    let image = Toy.richImage(deep: deep)
    let wire = try image.encodedForPipe()
    #expect(try Image(pipe: wire, name: "pipe") == image)
    #expect(try Image(pipe: wire, name: "pipe").encodedForPipe() == wire)
    // A slice of a larger buffer has other indices.
    #expect(try Image(pipe: (Data([9]) + wire).dropFirst(), name: "pipe") == image)
    #expect(try Provenance(image.metadata, name: "")?.seed == .max)
  }

  /// A field that is new to `ImageMetadata` must go over the wire too, and into `Toy.richImage`.
  @Test func noFieldOfTheMetadataIsForgotten() {
    #expect(Mirror(reflecting: ImageMetadata()).children.count == 8)
    let empty = Mirror(reflecting: ImageMetadata()).children.map { "\($0.value)" }
    let full = Mirror(reflecting: Toy.richImage(deep: false).metadata).children.map { "\($0.value)" }
    #expect(zip(empty, full).allSatisfy { $0 != $1 })
  }

  @Test func bareArraysAreImagesAndTensors() throws {
    let pixels = try HostArray(dtype: .uint8, shape: [1, 2, 3], bytes: Data([1, 2, 3, 4, 5, 6]))
    let image = try Image(pipe: try Safetensors(tensors: ["pixels": pixels]).encoded(), name: "")
    #expect(image == Image(width: 2, height: 1, channels: .rgb, samples: .uint8([1, 2, 3, 4, 5, 6])))
    let other = try Safetensors(metadata: ["format": "pt"], tensors: ["weight": pixels]).encoded()
    #expect(try HostArray(pipe: other, name: "") == pixels)
    #expect(try HostArray(pipe: try pixels.encodedForPipe(), name: "") == pixels)
  }

  @Test(arguments: ["by me\npipeline: {}", nil]) func soundRoundTrips(comment: String?) throws {
    let clip = AudioClip(
      sampleRate: 44_100, channels: 2, samples: [0, -1, 1, 0.1, .leastNonzeroMagnitude, -0.0],
      comment: comment)
    let wire = try clip.encodedForPipe()
    #expect(try AudioClip(pipe: wire, name: "") == clip)
    #expect(try AudioClip(pipe: wire, name: "").encodedForPipe() == wire)
    #expect(
      try AudioClip(pipe: AudioClip(sampleRate: 1, channels: 1, samples: []).encodedForPipe(), name: "")
        .samples == [])
  }

  @Test func brokenSound() throws {
    func sound(_ shape: [Int], _ samples: [Float], _ metadata: [String: String]) -> String {
      line {
        let array = try HostArray(dtype: .float32, shape: shape, bytes: samples.withUnsafeBytes { Data($0) })
        let file = Safetensors(
          metadata: metadata.merging(["kind": "audio"]) { $1 }, tensors: ["samples": array])
        _ = try AudioClip(pipe: try file.encoded(), name: "in")
      }
    }
    let rate = ["sample_rate": "8000"]
    #expect(sound([2, 1], [0, 1], rate) == "no error")
    #expect(
      sound([2], [0, 1], rate) == "in: 'samples' is float32 [2]; float32 [frames, channels] would be right")
    #expect(sound([0, 0], [], rate).contains("float32 [0, 0]"))
    #expect(sound([2, 1], [0, .nan], rate) == "in: sample 1 is nan; finite samples would be right")
    for wrong in [[:], ["sample_rate": "0"], ["sample_rate": "8e3"], ["sample_rate": "-1"]] {
      #expect(sound([1, 1], [0], wrong).hasPrefix("in: the sound's metadata 'sample_rate' is "))
    }
    #expect(
      line { _ = try AudioClip(pipe: Data("RIFF....WAVEfmt ".utf8), name: "in") }.contains(
        "in holds a WAV file"))
  }

  @Test func bytesAndTextRoundTrip() throws {
    for text in ["", "a", "猫\r\n", "\u{FEFF}x"] {
      #expect(try String(pipe: try text.encodedForPipe(), name: "") == text)
    }
    #expect(Data(pipe: Data([0, 255]), name: "") == Data([0, 255]))
    #expect(line { _ = try "a\0".encodedForPipe() } == "text with a NUL byte cannot go through a pipe")
  }

  static let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0])

  @Test func wrongKindsAreNamedWithTheStageThatHelps() throws {
    func fed(_ stage: String, _ input: Data) -> String {
      line { _ = try Toy.registry.runInPipe(stage, input: input, context: calm) }
    }
    #expect(
      fed("brighten", Self.png)
        == "stage 'brighten' wants an image, but standard input holds a PNG file (10 bytes); "
        + "put stage 'decode-toy' before it")
    #expect(
      fed("describe", Data())
        == "stage 'describe' wants an image, but standard input holds nothing (did the stage before it fail?); "
        + "put stage 'decode-toy' before it")
    #expect(
      fed("flatten", Data("hello".utf8))
        == "stage 'flatten' wants an image, but standard input holds text (5 bytes); put stage 'decode-toy' before it"
    )
    let image = try Toy.decode(Toy.input, context: calm).encodedForPipe()
    var shouting = Toy.registry
    shouting.register(
      StageDefinition("count", summary: "") { _, _ in
        FunctionStage<String, String>("count") { text, _ in "\(text.count)" }
      })
    #expect(
      line { _ = try shouting.runInPipe("count", input: image, context: calm) }
        == "stage 'count' wants text, but standard input holds an image from a stage (\(image.count) bytes); "
        + "put stage 'describe' before it")
    let two = try Safetensors(
      tensors: try ["a", "b"].reduce(into: [:]) {
        $0[$1] = try HostArray(dtype: .uint8, shape: [0], bytes: Data())
      }
    ).encoded()
    #expect(
      fed("brighten", two).contains("holds a safetensors file with tensors a, b; put stage 'decode-toy'"))
    #expect(fed("brighten", Data([0, 1, 2])).contains("holds 3 bytes of an unknown format"))
    #expect(
      line { _ = try String(pipe: Self.png, name: "notes.txt") }
        == "notes.txt holds a PNG file (10 bytes), where text is wanted (UTF-8 without NUL)")
  }

  /// Broken containers of the right kind: one line each, no trap.
  @Test func brokenImages() throws {
    func image(_ array: HostArray, _ metadata: [String: String] = [:]) -> String {
      line {
        let file = Safetensors(metadata: metadata, tensors: ["pixels": array])
        _ = try Image(pipe: try file.encoded(), name: "in")
      }
    }
    func array(_ shape: [Int], _ dtype: DType = .uint8) throws -> HostArray {
      try HostArray(dtype: dtype, shape: shape, bytes: Data(count: shape.reduce(dtype.size, *)))
    }
    #expect(
      image(try array([2, 2]))
        == "in: 'pixels' has the shape [2, 2]; [H, W, C] with C from 1 to 4 would be right")
    #expect(image(try array([0, 2, 3])).contains("shape [0, 2, 3]"))
    #expect(image(try array([1, 2, 5])).contains("shape [1, 2, 5]"))
    #expect(
      image(try array([1, 1, 1], .float32)) == "in: 'pixels' is float32; uint8 or uint16 would be right")
    let good = try array([1, 1, 1])
    for (key, value) in [
      ("icc_profile", "!"), ("exif", "?"), ("srgb", "1"), ("gamma", "x"), ("chromaticities", "[1]"),
      ("coding_points", "[9]"),
      ("pixel_density", "[1]"), ("pixel_density", "[1.5,2]"), ("texts", "[[\"a\"]]"), ("texts", "{}"),
      ("gamma", "1e999"),
    ] {
      #expect(image(good, [key: value]).hasPrefix("in: the image's metadata '\(key)' is broken; "))
    }
    #expect(image(good, ["kind": "tensor"]).contains("holds a tensor from a stage"))
    #expect(image(good) == "no error")
  }

  /// Every cut and many single changed bytes of a picture and a tensor: an error or a value, never a trap.
  @Test func hostileBytes() throws {
    let wire = try Toy.richImage(deep: true).encodedForPipe()
    for length in 0..<wire.count {
      #expect(throws: PipelineError.self) { try Image(pipe: wire.prefix(length), name: "in") }
    }
    for position in wire.indices {
      for bit in [0x01, 0x80] as [UInt8] {
        var changed = wire
        changed[position] ^= bit
        do { _ = try Image(pipe: changed, name: "in") } catch { #expect(error is PipelineError) }
        do { _ = try HostArray(pipe: changed, name: "in") } catch { #expect(error is PipelineError) }
      }
    }
  }

  @Test(arguments: [
    #"{"a":{"dtype":"U8","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,9223372036854775807]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"Q8","shape":[4],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[4.5],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
    "[]", "{}", "{",
  ])
  func hostileHeaders(_ header: String) {
    let length = header.utf8.count
    let data =
      Data([UInt8(length & 255), UInt8(length >> 8), 0, 0, 0, 0, 0, 0]) + Data(header.utf8) + Data(count: 4)
    #expect(throws: PipelineError.self) { try HostArray(pipe: data, name: "in") }
    #expect(throws: PipelineError.self) { try Image(pipe: data, name: "in") }
  }
}
