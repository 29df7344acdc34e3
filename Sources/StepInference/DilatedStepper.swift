internal import CKernels
public import Torch
internal import TorchNN

/// One sound that is drawn, or followed, sample after sample by `DilatedSteps`.
public final class DilatedStepper {
  /// How a level is drawn from its distribution.
  public struct Settings: Sendable, Equatable {
    /// Scores are divided by it; 0 for the most probable level.
    public var temperature: Double
    /// Of the most probable levels, the fewest that have this share together are drawn from.
    public var topP: Double

    public init(temperature: Double = 1, topP: Double = 1) {
      (self.temperature, self.topP) = (temperature, topP)
    }
  }

  private let network: DilatedSteps
  private let version: CKernelsStepVersion
  private let state: AlignedFloats
  private var previous: Int32
  private let perFrame: Int

  /// - Parameter silence: the level before the first sample.
  public init(_ network: DilatedSteps, silence: Int, instructions: StepInstructions = .best) {
    self.network = network
    version = network.version(instructions)
    state = AlignedFloats(count: (ckernels_dilated_state_bytes(network.shape) + 3) / 4)
    previous = Int32(silence)
    perFrame = network.perFrame
    ckernels_dilated_reset(network.shape, state.address)
  }

  /// A stream that goes on from here by itself.
  public func copy() -> DilatedStepper { DilatedStepper(copying: self) }

  private init(copying other: DilatedStepper) {
    (network, version, previous) = (other.network, other.version, other.previous)
    perFrame = other.perFrame
    state = AlignedFloats(copying: other.state)
  }

  /// Draws the samples of frames.
  /// - Parameters:
  ///   - conditions: of `DilatedSteps.conditions`.
  ///   - uniforms: over 0 ..< 1, one for each sample; the last frame may be begun only.
  public func draw(_ conditions: ArraySlice<Float>, uniforms: [Float], _ settings: Settings = Settings())
    -> [UInt8]
  {
    let hop = network.configuration.hop
    precondition(uniforms.count <= conditions.count / perFrame * hop, "a frame for each sample")
    let doubles = uniforms.map(Double.init)
    return [UInt8](unsafeUninitializedCapacity: uniforms.count) { levels, count in
      conditions.withUnsafeBufferPointer { conditions in
        doubles.withUnsafeBufferPointer { uniforms in
          for start in stride(from: 0, to: doubles.count, by: hop) {
            ckernels_dilated_draw(
              version, network.shape, network.packed.address, state.address,
              conditions.baseAddress! + start / hop * perFrame, &previous, uniforms.baseAddress! + start,
              min(hop, doubles.count - start), Float(settings.temperature), Float(settings.topP),
              levels.baseAddress! + start)
          }
        }
      }
      count = doubles.count
    }
  }

  /// log P of each of the given samples, in nats. The last frame may be begun only.
  public func score(_ conditions: ArraySlice<Float>, levels: [UInt8]) -> [Double] {
    let hop = network.configuration.hop
    precondition(levels.count <= conditions.count / perFrame * hop, "a frame for each sample")
    return [Double](unsafeUninitializedCapacity: levels.count) { nats, count in
      conditions.withUnsafeBufferPointer { conditions in
        levels.withUnsafeBufferPointer { levels in
          for start in stride(from: 0, to: levels.count, by: hop) {
            ckernels_dilated_score(
              version, network.shape, network.packed.address, state.address,
              conditions.baseAddress! + start / hop * perFrame, &previous, levels.baseAddress! + start,
              min(hop, levels.count - start), nats.baseAddress! + start)
          }
        }
      }
      count = levels.count
    }
  }

  /// The matrix products of so many steps and nothing else: the least that a step could take, for benchmarks.
  public func productsAlone(_ steps: Int) {
    ckernels_dilated_products(version, network.shape, network.packed.address, state.address, steps)
  }
}
