import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

/// Pictures become tensors and come back with the same samples.
struct ImageTensorTests {
  /// `height` × `width`, with samples that hit every value of 8 bits, or both ends of 16 and steps between.
  private func picture(_ channels: Image.Channels, bits: Int, width: Int, height: Int) -> Image {
    let count = width * height * channels.count
    let samples: Image.Samples =
      bits == 8
      ? .uint8((0..<count).map { UInt8($0 * 7 & 255) })
      : .uint16((0..<count).map { UInt16(truncatingIfNeeded: $0 == 1 ? 65535 : $0 * 4099) })
    return Image(width: width, height: height, channels: channels, samples: samples)
  }

  @Test(arguments: Image.Channels.allCases, [8, 16])
  func roundTripIsExact(_ channels: Image.Channels, _ bits: Int) throws {
    for (width, height) in [(1, 1), (31, 17), (5, 64)] {
      let image = picture(channels, bits: bits, width: width, height: height)
      let tensor = try image.tensor()
      #expect(tensor.shape == [channels.count, height, width])
      #expect(tensor.dtype == .float32)
      #expect(try Image(tensor, bitDepth: bits) == image)
    }
  }

  @Test func everySampleOf16BitsComesBack() throws {
    let values = (0...65535).map { UInt16($0) }
    let image = Image(width: 256, height: 256, channels: .grey, samples: .uint16(values))
    #expect(try Image(image.tensor(), bitDepth: 16) == image)
  }

  @Test func layoutAndRange() throws {
    // Two pixels, red and half-grey; the channels are the tensor's planes.
    let image = Image(width: 2, height: 1, channels: .rgb, samples: .uint8([255, 0, 0, 51, 51, 51]))
    #expect(try image.tensor().floats() == [1, 0.2, 0, 0.2, 0, 0.2])
  }

  @Test func depthsAreConvertedByTheRange() throws {
    let image = picture(.rgba, bits: 8, width: 9, height: 8)
    guard case .uint8(let bytes) = image.samples else { return }
    let deep = try Image(image.tensor(), bitDepth: 16)
    #expect(deep.samples == .uint16(bytes.map { UInt16($0) * 257 }))
    #expect(try Image(deep.tensor(), bitDepth: 8) == image)
  }

  @Test(arguments: [8, 16]) func valuesOutsideAreClipped(_ bits: Int) throws {
    let tensor = try Tensor([-1, 2, .infinity, -.infinity] as [Float], shape: [1, 1, 4])
    let image = try Image(tensor, bitDepth: bits)
    let expected: Image.Samples = bits == 8 ? .uint8([0, 255, 255, 0]) : .uint16([0, 65535, 65535, 0])
    #expect(image.samples == expected)
  }

  @Test(arguments: [8, 16]) func undefinedValuesAreAnError(_ bits: Int) throws {
    let tensor = try Tensor([0, .nan] as [Float], shape: [1, 1, 2])
    let error = try #require(throws: TensorError.self) { try Image(tensor, bitDepth: bits) }
    #expect(error.description.contains("NaN"))
  }

  @Test func metadataIsKept() throws {
    var metadata = ImageMetadata()
    metadata.texts = [.init(keyword: "Comment", value: "here")]
    let image = try Image(.zeros([3, 2, 2]), bitDepth: 8, metadata: metadata)
    #expect(image.metadata == metadata)
  }

  @Test(arguments: [[3, 4], [5, 2, 2], [0, 2, 2], [3, 0, 2], [1, 3, 2, 2]])
  func otherShapesAreErrors(_ shape: [Int]) throws {
    let tensor = try Tensor.zeros(shape)
    let error = try #require(throws: TensorError.self) { try Image(tensor, bitDepth: 8) }
    #expect(error.description == "a picture has the shape [1…4, height, width], not \(shape)")
  }
}

struct LumaTests {
  /// Studio range: white 235, black 16, and the primaries' shares of BT.601.
  @Test func closedForms() throws {
    let colours: [(rgb: [Float], luma: Double)] = [
      ([1, 1, 1], 235), ([0, 0, 0], 16), ([0.5, 0.5, 0.5], 125.5),
      ([1, 0, 0], 16 + 65.481), ([0, 1, 0], 16 + 128.553), ([0, 0, 1], 16 + 24.966),
    ]
    for (rgb, luma) in colours {
      let y = try Tensor(rgb, shape: [3, 1, 1]).luma601()
      #expect(y.shape == [1, 1, 1])
      #expect(try abs(y.scalar() - luma) < 1e-4)
    }
  }

  @Test func leadingAxes() throws {
    let x = try Tensor.uniform([2, 3, 4, 5])
    let y = try x.luma601()
    #expect(y.shape == [2, 1, 4, 5])
    #expect(try largestDifference(y.select(0, 1), x.select(0, 1).luma601()) == 0)
  }

  @Test func otherChannelsAreErrors() throws {
    #expect(throws: TensorError.self) { try Tensor.zeros([4, 2, 2]).luma601() }
    #expect(throws: TensorError.self) { try Tensor.zeros([3, 2]).luma601() }
  }
}
