import Families
import Foundation
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// The stage: whole pictures with their metadata, and the same bytes by every way to call it.
struct UpscaleStageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A home with one model of `super-resolution`, said to be for ×2.
  private func home(_ model: SuperResolutionModel) throws -> PipelineHome {
    let own = folder.url.appendingPathComponent("super-resolution")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    try model.write(to: own.appendingPathComponent("small.safetensors"), notes: [:])
    try Data(
      """
      task: super-resolution
      version: 1
      summary: Enlarges pictures
      defaults: {model: small, scale: 2}
      models:
        small: {weights: small.safetensors, description: for tests}
      stages: [decode-image, upscale, encode-png]
      """.utf8
    ).write(to: own.appendingPathComponent("pipeline.yaml"))
    return PipelineHome(pipelines: folder.url)
  }

  private let registry = TaskRegistry([SuperResolution()], commonStages: MediaStages.all)

  private func stage(_ model: SuperResolutionModel) throws -> UpscaleStage {
    let environment = try registry.environment(ofStage: "upscale", in: home(model))
    let options = try Options(
      UpscaleStage.options, owner: "stage 'upscale'", given: ["model": .commandLine("model", "small")])
    return try UpscaleStage.make(options, environment)
  }

  /// A stage whose network only interpolates: constants stay what they are.
  private func interpolation() throws -> UpscaleStage {
    let network = try SuperResolutionNetwork(.init(channels: 2, blocks: 0, scale: 2))
    for (_, parameter) in network.namedParameters { try parameter.value.mul_(0) }
    return try stage(SuperResolutionModel(network: network, loss: .absolute))
  }

  @Test(arguments: Image.Channels.allCases, [8, 16]) func anyLayout(_ channels: Image.Channels, _ bits: Int)
    throws
  {
    let count = 5 * 4 * channels.count
    // Every channel has a constant of its own, alpha included.
    let values = (0..<count).map { 40 * ($0 % channels.count) + 13 }
    let image = Image(
      width: 5, height: 4, channels: channels,
      samples: bits == 8 ? .uint8(values.map { UInt8($0) }) : .uint16(values.map { UInt16($0 * 257 + 1) }))
    let large = try interpolation()(image, context: StageContext(workers: 2))
    let expected = (0..<4 * count).map { 40 * ($0 % channels.count) + 13 }
    #expect(large.width == 10 && large.height == 8 && large.channels == channels)
    #expect(
      large.samples
        == (bits == 8 ? .uint8(expected.map { UInt8($0) }) : .uint16(expected.map { UInt16($0 * 257 + 1) })))
  }

  @Test func metadata() throws {
    var image = Image(width: 3, height: 3, channels: .grey, samples: .uint8([UInt8](repeating: 9, count: 9)))
    image.metadata.pixelDensity = .init(x: 2000, y: 3000)
    image.metadata.texts = [.init(keyword: "Author", value: "me")]
    let large = try interpolation()(image, context: StageContext())
    #expect(large.metadata.pixelDensity == .init(x: 4000, y: 6000))
    #expect(large.metadata.texts.contains(.init(keyword: "Author", value: "me")))
    let provenance = try #require(try Provenance(large.metadata, name: "picture"))
    #expect(provenance.task == "super-resolution" && provenance.model == "small")
    #expect(provenance.options["tta"] == "false" && provenance.engine?.device == "cpu")
  }

  @Test func chainAndPipeAgree() throws {
    let home = try home(Synthetic.model())
    let file = try Synthetic.write(
      Synthetic.picture(height: 21, width: 33), to: folder.url.appendingPathComponent("picture.png"))
    let picture = try Data(contentsOf: file)
    let context = StageContext(workers: 2)
    let stage = try registry.pipeline(ofTask: "super-resolution", in: home).stage().typed(
      Data.self, Data.self)
    let whole = try stage(picture, context: context)
    var pipe = picture
    for name in ["decode-image", "upscale", "encode-png"] {
      let environment = try registry.environment(ofStage: name, in: home)
      pipe = try registry.stages.runInPipe(
        name, environment: environment, input: pipe, context: StageContext())
    }
    #expect(pipe == whole)
    let large = try Image(decoding: whole, name: "result")
    #expect(large.width == 66 && large.height == 42)
  }

  @Test func weightsOfAnotherScaleAreRefused() throws {
    let model = try Synthetic.model(scale: 3)
    let error = try #require(throws: TensorError.self) { try stage(model) }
    #expect(error.description == "small.safetensors holds a network for scale 3, not 2")
  }
}
