import Foundation
import MediaIO
import PipelineKit
import Testing

/// `pipeline run super-resolution` on a real picture with the weights of the repository.
struct RunTests {
  @Test(arguments: ["fast", "fidelity"]) func enlargesAPicture(model: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let outcome = try tool(["run", "super-resolution", Tool.sample, "--model", model])
    #expect(outcome.status == 0)
    #expect(outcome.text == "nuthatch-super-resolution.png\n")
    #expect(outcome.errors.isEmpty)
    #expect(tool.files == ["nuthatch-super-resolution.png"])
    let before = try Image(contentsOf: URL(fileURLWithPath: Tool.sample))
    let after = try Image(contentsOf: tool.folder.appendingPathComponent("nuthatch-super-resolution.png"))
    #expect(after.width == 2 * before.width && after.height == 2 * before.height)
    #expect(after.channels == .rgb && after.bitDepth == 8)
    // Shrunk again by averaging, it must be close to what came in: a sharper picture of the same thing.
    let error = meanError(of: after, shrunkTo: before)
    #expect(error < 3, "mean difference of \(error) grey levels")
  }

  @Test func threeWaysGiveTheSameBytes() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let picture = try Data(contentsOf: URL(fileURLWithPath: Tool.sample))
    let whole = try tool(["run", "super-resolution", Tool.sample, "--model", "fast", "-o", "-"])
    #expect(whole.status == 0)

    let decoded = try tool(["stage", "decode-image"], input: picture)
    let enlarged = try tool(["stage", "upscale", "--scale", "2", "--model", "fast"], input: decoded.output)
    let piped = try tool(["stage", "encode-png"], input: enlarged.output)
    #expect(piped.status == 0)
    #expect(piped.output == whole.output)

    let pipeline = try TaskRegistry.all.pipeline(
      ofTask: "super-resolution", in: PipelineHome(), overriding: ["model": .commandLine("model", "fast")])
    let stage = try pipeline.stage().typed(Data.self, Data.self)
    #expect(try stage(picture, context: StageContext(workers: 2)) == whole.output)
  }

  @Test func threadsChangeNoByte() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let one = try tool([
      "run", "super-resolution", Tool.sample, "--model", "fast", "--threads", "1", "-o", "-",
    ])
    let two = try tool([
      "run", "super-resolution", Tool.sample, "--model", "fast", "--threads", "2", "-o", "-",
    ])
    #expect(one.status == 0 && one.output == two.output)
  }

  @Test func standardInputAndOutput() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let picture = try Image(
      width: 5, height: 3, channels: .greyAlpha, samples: .uint16([UInt16](repeating: 40000, count: 30))
    )
    .pngData()
    let outcome = try tool(["run", "super-resolution", "-", "-o", "-", "--model", "fast"], input: picture)
    let after = try Image(decoding: outcome.output, name: "output")
    #expect(after.width == 10 && after.height == 6 && after.channels == .greyAlpha && after.bitDepth == 16)
    #expect(tool.files.isEmpty)
  }

  @Test func provenanceSaysWhatMadeIt() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let outcome = try tool([
      "run", "super-resolution", Tool.sample, "--model", "fast", "-o", "a.png", "--json",
    ])
    let report = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
    #expect(report["output"] as? String == "a.png")
    let file = tool.folder.appendingPathComponent("a.png")
    let provenance = try #require(try Provenance(Image(contentsOf: file).metadata, name: "a.png"))
    #expect(provenance.task == "super-resolution" && provenance.model == "fast")
    #expect(provenance.condition?.inputSHA256 == (try Digest.sha256(of: URL(fileURLWithPath: Tool.sample))))
    let weights = Tool.root.appendingPathComponent("pipelines/super-resolution/fast-x2.safetensors")
    #expect(provenance.weightsSHA256 == (try Digest.sha256(of: weights)))
    #expect(provenance.options["scale"] == "2.0" && provenance.engine?.device == "cpu")
    let inspected = try tool(["inspect", "a.png"])
    #expect(inspected.text.contains("512×512") && inspected.text.contains(provenance.json))
  }

  @Test func interruptLeavesNothing() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let side = 1600
    let large = Image(
      width: side, height: side, channels: .grey,
      samples: .uint8((0..<side * side).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
    try large.pngData().write(to: tool.folder.appendingPathComponent("large.png"))
    let outcome = try tool(["run", "super-resolution", "large.png", "-o", "out.png"], interruptAfter: 1)
    #expect(outcome.status == 130)
    #expect(outcome.errors.isEmpty)
    #expect(tool.files == ["large.png"])
  }

  /// Mean absolute difference in grey levels between `small` and `large` averaged over 2×2 squares.
  private func meanError(of large: Image, shrunkTo small: Image) -> Double {
    guard case .uint8(let fine) = large.samples, case .uint8(let coarse) = small.samples else {
      return .infinity
    }
    var sum = 0.0
    for y in 0..<small.height {
      for x in 0..<small.width {
        for c in 0..<3 {
          func sample(_ dy: Int, _ dx: Int) -> Double {
            Double(fine[((2 * y + dy) * large.width + 2 * x + dx) * 3 + c])
          }
          let mean = (sample(0, 0) + sample(0, 1) + sample(1, 0) + sample(1, 1)) / 4
          sum += abs(mean - Double(coarse[(y * small.width + x) * 3 + c]))
        }
      }
    }
    return sum / Double(coarse.count)
  }
}
