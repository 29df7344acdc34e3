import Foundation
import MediaIO
import Testing

@testable import PipelineCore

struct ProvenanceTests {
  private let full = Provenance(
    task: "super-resolution", model: "photo/x2", weightsSHA256: Digest.sha256(Data("w".utf8)),
    condition: .init(inputSHA256: Digest.sha256(Data()), values: ["label": "猫 \"7\"\n"], isDrawn: true),
    key: SampleKey(seed: .max, index: 41), sampler: "heun(20)", version: "0.1.0",
    engine: .init(libtorch: "2.13.0+cpu", cpuCapability: "AVX512", device: "cpu"),
    options: ["scale": "2", "chunk": "4"])

  @Test func jsonIsOneStableLine() throws {
    let json = full.json
    #expect(!json.contains("\n"))
    #expect(json.contains(#""seed":18446744073709551615"#))
    #expect(json.contains("photo/x2"))
    #expect(try Provenance(json: json, name: "") == full)
    #expect(try Provenance(json: json, name: "").json == json)
    let small = Provenance(task: "t", version: "1")
    #expect(small.json == #"{"options":{},"task":"t","version":"1"}"#)
    #expect(try Provenance(json: small.json, name: "") == small)
  }

  @Test func imagesCarryIt() throws {
    var metadata = ImageMetadata()
    #expect(try Provenance(metadata, name: "") == nil)
    metadata.texts = [.init(keyword: "Author", value: "me"), .init(keyword: "pipeline", value: "old")]
    #expect(
      line { _ = try Provenance(metadata, name: "a.png") }
        == "a.png carries a provenance that cannot be read; it was changed or cut off")
    full.write(to: &metadata)
    #expect(metadata.texts.map(\.keyword) == ["Author", "pipeline"])
    #expect(try Provenance(metadata, name: "") == full)
  }

  @Test func commentsCarryIt() throws {
    #expect(try Provenance(comment: full.comment(), name: "") == full)
    let kept = full.comment(keeping: "by me\nfor you")
    #expect(kept.hasPrefix("by me\nfor you\npipeline: {"))
    #expect(try Provenance(comment: kept, name: "") == full)
    #expect(full.comment(keeping: kept) == kept)
    #expect(try Provenance(comment: "by me", name: "") == nil)
    #expect(throws: PipelineError.self) { try Provenance(comment: "pipeline: {\"task\":", name: "") }
    #expect(try Provenance(table: ["pipeline": full.json], name: "") == full)
    #expect(try Provenance(table: [:], name: "") == nil)
  }

  /// Files that name no input option, as older ones do, are read as well.
  @Test func inputOptionsAreKept() throws {
    var named = full
    named.condition?.inputOption = "mel"
    #expect(try Provenance(json: named.json, name: "") == named)
    #expect(!full.json.contains("inputOption"))
  }

  @Test func soundsAreComparedByValue() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("compare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ clip: AudioClip) throws -> URL {
      let file = folder.appendingPathComponent(name)
      try clip.write(to: file)
      return file
    }
    var clip = AudioClip(
      sampleRate: 8000, channels: 1, samples: (0..<40_000).map { Float($0 % 100) / 128 }, comment: "a")
    let first = try file("a.wav", clip)
    clip.comment = "b"
    #expect(try Replay.largestDifference(ofSounds: first, file("b.flac", clip)) == 0)
    clip.samples[39_900] += 0.25
    #expect(try Replay.largestDifference(ofSounds: first, file("c.wav", clip)) == 0.25)
    clip.samples.removeLast()
    #expect(try Replay.largestDifference(ofSounds: first, file("d.wav", clip)) == nil)
    #expect(Replay.largestDifference(ofSounds: first, folder.appendingPathComponent("none")) == nil)
  }

  /// The digests of FIPS 180-4's examples.
  @Test func digests() throws {
    #expect(
      Digest.sha256(Data("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("digest-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(repeating: 0x61, count: 1_000_000).write(to: file)
    #expect(
      try Digest.sha256(of: file) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(throws: PipelineError.self) { try Digest.sha256(of: URL(fileURLWithPath: "/nowhere")) }
  }

  @Test func samplesHaveKeys() {
    #expect(
      SampleKey.keys(seed: 5, count: 2, from: 3) == [.init(seed: 5, index: 3), .init(seed: 5, index: 4)])
    let seeds = (0..<100).flatMap { seed in
      SampleKey.keys(seed: seed, count: 100).flatMap { [$0.seed(for: "y"), $0.seed(for: "x")] }
    }
    #expect(Set(seeds).count == 20_000)
    // Frozen: a changed mix would change everybody's samples.
    #expect(SampleKey(seed: 1, index: 2).seed(for: "y") == 0xCF3B_02A3_6AE5_AA40)
  }
}
